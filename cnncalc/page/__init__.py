"""Interactive pages in one file: what is known of networks, without any request."""
