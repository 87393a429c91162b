"""What a user lets a client have: asked once, remembered by scope, taken back at will."""
