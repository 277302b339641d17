//! `System.TimeZoneInfo`

crate::classes! {}
