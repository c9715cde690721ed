"""Line charts as SVG, without a library: for pages, notebooks and files."""
