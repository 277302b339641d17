//! `System.Text.RegularExpressions`

crate::classes! {
    MATCH = class("System.Text.RegularExpressions", "Match");
}
