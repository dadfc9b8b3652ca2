//! The command line of hullmark.

fn main() {}
