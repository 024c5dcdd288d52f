"""Chinese full-text search over the posts, exact from one character up."""
