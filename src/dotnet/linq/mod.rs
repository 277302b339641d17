//! `System.Linq`

crate::classes! {}
