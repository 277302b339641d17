//! `System.Net.IPAddress`

crate::classes! {}
