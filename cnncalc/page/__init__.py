"""Pages in one file: what is known of networks, to be looked at and touched, without any request."""
