//! What becomes of exchanges, fault by fault.
