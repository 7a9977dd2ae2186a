//! A believable dealer group to try everything on.
