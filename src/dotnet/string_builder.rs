//! `System.Text.StringBuilder`

crate::classes! {}
