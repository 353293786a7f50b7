"""What console and API share on the admin bind: which hosts and origins may ask, and the headers of every answer."""
