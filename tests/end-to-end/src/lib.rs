//! Everything is in the folder `tests`.
