//! What Front Door and its firewall do, as tables.
