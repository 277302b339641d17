//! `System.Security.Cryptography`

crate::classes! {}
