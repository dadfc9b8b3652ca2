//! Floors: the same work with nothing of ours in it.
