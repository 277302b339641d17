//! `System.Xml.Linq`

crate::classes! {}
