//! `System.Tuple`

crate::classes! {}
