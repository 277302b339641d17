//! `System.BitConverter`

crate::classes! {}
