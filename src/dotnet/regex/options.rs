//! The flags of `RegexOptions` by their numbers.

/// `RegexOptions.IgnoreCase`
pub const IGNORE_CASE: i32 = 1;
/// `RegexOptions.Multiline`
pub const MULTILINE: i32 = 2;
/// `RegexOptions.ExplicitCapture`
pub const EXPLICIT_CAPTURE: i32 = 4;
/// `RegexOptions.Compiled`
pub const COMPILED: i32 = 8;
/// `RegexOptions.Singleline`
pub const SINGLELINE: i32 = 16;
/// `RegexOptions.IgnorePatternWhitespace`
pub const IGNORE_PATTERN_WHITESPACE: i32 = 32;
/// `RegexOptions.RightToLeft`
pub const RIGHT_TO_LEFT: i32 = 64;
/// `RegexOptions.ECMAScript`
pub const ECMA_SCRIPT: i32 = 256;
/// `RegexOptions.CultureInvariant`
pub const CULTURE_INVARIANT: i32 = 512;

/// Whether .NET takes the combination: ECMAScript goes with few others. Source: dotnet/runtime, Regex.cs, `ValidateOptions`.
pub fn are_valid(options: i32) -> bool {
    let with_ecma_script = ECMA_SCRIPT | IGNORE_CASE | MULTILINE | COMPILED | CULTURE_INVARIANT;
    (0..1 << 10).contains(&options) && (options & ECMA_SCRIPT == 0 || options & !with_ecma_script == 0)
}
