//! Tokens: kinds and places, no text of their own.

use super::tree::PredefinedType;
use crate::source::Span;

/// A token. Its text is what the code has at `span`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Span,
    /// For a bracket the index of the one that closes it, or opens it; [`Token::ALONE`] for every other token.
    pub partner: u32,
}

impl Token {
    /// The partner of what has none: the index of no token, and with room for what lies behind it.
    pub const ALONE: u32 = u32::MAX / 2;
}

/// Declares the kinds of tokens, those with fixed text by that text.
macro_rules! token_kinds {
    ($($(#[$doc:meta])* $free:ident,)+ ; $($fixed:ident $text:literal,)+) => {
        /// What a token is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum TokenKind {
            $($(#[$doc])* $free,)+
            $($fixed,)+
        }

        impl TokenKind {
            /// The text of a keyword or of punctuation; empty for tokens whose text differs.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$free => "",)+
                    $(Self::$fixed => $text,)+
                }
            }
        }
    };
}

token_kinds! {
    /// The end of the code.
    End,
    /// A name, contextual keywords among them; it may begin with `@` and hold unicode escapes.
    Identifier,
    /// `12`, `0xFFul`.
    Integer,
    /// `1.5`, `1e3f`, `2m`.
    Real,
    /// Whatever stands in single quotes.
    Character,
    /// `"a"`.
    String,
    /// `@"a"`.
    VerbatimString,
    /// A literal that is at fault and was reported.
    BadLiteral,
    /// `$"`.
    InterpolatedStart,
    /// `$@"`.
    InterpolatedVerbatimStart,
    /// Text between the holes of an interpolated string.
    InterpolatedText,
    /// `{` of a hole.
    HoleOpen,
    /// `:` and the format behind it, up to the hole's `}`.
    HoleFormat,
    /// `}` of a hole.
    HoleClose,
    /// `"` at the end of an interpolated string.
    InterpolatedEnd,
    ;
    KeywordAbstract "abstract",
    KeywordAs "as",
    KeywordBase "base",
    KeywordBool "bool",
    KeywordBreak "break",
    KeywordByte "byte",
    KeywordCase "case",
    KeywordCatch "catch",
    KeywordChar "char",
    KeywordChecked "checked",
    KeywordClass "class",
    KeywordConst "const",
    KeywordContinue "continue",
    KeywordDecimal "decimal",
    KeywordDefault "default",
    KeywordDelegate "delegate",
    KeywordDo "do",
    KeywordDouble "double",
    KeywordElse "else",
    KeywordEnum "enum",
    KeywordEvent "event",
    KeywordExplicit "explicit",
    KeywordExtern "extern",
    KeywordFalse "false",
    KeywordFinally "finally",
    KeywordFixed "fixed",
    KeywordFloat "float",
    KeywordFor "for",
    KeywordForEach "foreach",
    KeywordGoto "goto",
    KeywordIf "if",
    KeywordImplicit "implicit",
    KeywordIn "in",
    KeywordInt "int",
    KeywordInterface "interface",
    KeywordInternal "internal",
    KeywordIs "is",
    KeywordLock "lock",
    KeywordLong "long",
    KeywordNamespace "namespace",
    KeywordNew "new",
    KeywordNull "null",
    KeywordObject "object",
    KeywordOperator "operator",
    KeywordOut "out",
    KeywordOverride "override",
    KeywordParams "params",
    KeywordPrivate "private",
    KeywordProtected "protected",
    KeywordPublic "public",
    KeywordReadOnly "readonly",
    KeywordRef "ref",
    KeywordReturn "return",
    KeywordSByte "sbyte",
    KeywordSealed "sealed",
    KeywordShort "short",
    KeywordSizeOf "sizeof",
    KeywordStackAlloc "stackalloc",
    KeywordStatic "static",
    KeywordString "string",
    KeywordStruct "struct",
    KeywordSwitch "switch",
    KeywordThis "this",
    KeywordThrow "throw",
    KeywordTrue "true",
    KeywordTry "try",
    KeywordTypeOf "typeof",
    KeywordUInt "uint",
    KeywordULong "ulong",
    KeywordUnchecked "unchecked",
    KeywordUnsafe "unsafe",
    KeywordUShort "ushort",
    KeywordUsing "using",
    KeywordVirtual "virtual",
    KeywordVoid "void",
    KeywordVolatile "volatile",
    KeywordWhile "while",
    OpenParen "(",
    CloseParen ")",
    OpenBracket "[",
    CloseBracket "]",
    OpenBrace "{",
    CloseBrace "}",
    Comma ",",
    Semicolon ";",
    Colon ":",
    ColonColon "::",
    Dot ".",
    DotDot "..",
    Question "?",
    QuestionQuestion "??",
    QuestionQuestionEqual "??=",
    Arrow "=>",
    PointerArrow "->",
    Equal "=",
    EqualEqual "==",
    Bang "!",
    BangEqual "!=",
    Plus "+",
    PlusPlus "++",
    PlusEqual "+=",
    Minus "-",
    MinusMinus "--",
    MinusEqual "-=",
    Star "*",
    StarEqual "*=",
    Slash "/",
    SlashEqual "/=",
    Percent "%",
    PercentEqual "%=",
    Ampersand "&",
    AmpersandAmpersand "&&",
    AmpersandEqual "&=",
    Bar "|",
    BarBar "||",
    BarEqual "|=",
    Caret "^",
    CaretEqual "^=",
    Tilde "~",
    Less "<",
    LessEqual "<=",
    LessLess "<<",
    LessLessEqual "<<=",
    Greater ">",
    GreaterEqual ">=",
}

impl TokenKind {
    /// Whether it is a reserved word.
    pub fn is_keyword(self) -> bool {
        self.text().starts_with(|first: char| first.is_ascii_lowercase())
    }

    /// The type that the keyword names; `void` too.
    pub fn predefined_type(self) -> Option<PredefinedType> {
        Some(match self {
            Self::KeywordBool => PredefinedType::Bool,
            Self::KeywordByte => PredefinedType::Byte,
            Self::KeywordChar => PredefinedType::Char,
            Self::KeywordDecimal => PredefinedType::Decimal,
            Self::KeywordDouble => PredefinedType::Double,
            Self::KeywordFloat => PredefinedType::Float,
            Self::KeywordInt => PredefinedType::Int,
            Self::KeywordLong => PredefinedType::Long,
            Self::KeywordObject => PredefinedType::Object,
            Self::KeywordSByte => PredefinedType::SByte,
            Self::KeywordShort => PredefinedType::Short,
            Self::KeywordString => PredefinedType::String,
            Self::KeywordUInt => PredefinedType::UInt,
            Self::KeywordULong => PredefinedType::ULong,
            Self::KeywordUShort => PredefinedType::UShort,
            Self::KeywordVoid => PredefinedType::Void,
            _ => return None,
        })
    }

    /// The reserved word that `text` is.
    pub fn keyword(text: &str) -> Option<Self> {
        let first = text.bytes().next()?;
        // By first letter: an identifier is compared with a handful of words instead of all.
        Some(match first {
            b'a' => match text {
                "abstract" => Self::KeywordAbstract,
                "as" => Self::KeywordAs,
                _ => return None,
            },
            b'b' => match text {
                "base" => Self::KeywordBase,
                "bool" => Self::KeywordBool,
                "break" => Self::KeywordBreak,
                "byte" => Self::KeywordByte,
                _ => return None,
            },
            b'c' => match text {
                "case" => Self::KeywordCase,
                "catch" => Self::KeywordCatch,
                "char" => Self::KeywordChar,
                "checked" => Self::KeywordChecked,
                "class" => Self::KeywordClass,
                "const" => Self::KeywordConst,
                "continue" => Self::KeywordContinue,
                _ => return None,
            },
            b'd' => match text {
                "decimal" => Self::KeywordDecimal,
                "default" => Self::KeywordDefault,
                "delegate" => Self::KeywordDelegate,
                "do" => Self::KeywordDo,
                "double" => Self::KeywordDouble,
                _ => return None,
            },
            b'e' => match text {
                "else" => Self::KeywordElse,
                "enum" => Self::KeywordEnum,
                "event" => Self::KeywordEvent,
                "explicit" => Self::KeywordExplicit,
                "extern" => Self::KeywordExtern,
                _ => return None,
            },
            b'f' => match text {
                "false" => Self::KeywordFalse,
                "finally" => Self::KeywordFinally,
                "fixed" => Self::KeywordFixed,
                "float" => Self::KeywordFloat,
                "for" => Self::KeywordFor,
                "foreach" => Self::KeywordForEach,
                _ => return None,
            },
            b'g' => match text {
                "goto" => Self::KeywordGoto,
                _ => return None,
            },
            b'i' => match text {
                "if" => Self::KeywordIf,
                "implicit" => Self::KeywordImplicit,
                "in" => Self::KeywordIn,
                "int" => Self::KeywordInt,
                "interface" => Self::KeywordInterface,
                "internal" => Self::KeywordInternal,
                "is" => Self::KeywordIs,
                _ => return None,
            },
            b'l' => match text {
                "lock" => Self::KeywordLock,
                "long" => Self::KeywordLong,
                _ => return None,
            },
            b'n' => match text {
                "namespace" => Self::KeywordNamespace,
                "new" => Self::KeywordNew,
                "null" => Self::KeywordNull,
                _ => return None,
            },
            b'o' => match text {
                "object" => Self::KeywordObject,
                "operator" => Self::KeywordOperator,
                "out" => Self::KeywordOut,
                "override" => Self::KeywordOverride,
                _ => return None,
            },
            b'p' => match text {
                "params" => Self::KeywordParams,
                "private" => Self::KeywordPrivate,
                "protected" => Self::KeywordProtected,
                "public" => Self::KeywordPublic,
                _ => return None,
            },
            b'r' => match text {
                "readonly" => Self::KeywordReadOnly,
                "ref" => Self::KeywordRef,
                "return" => Self::KeywordReturn,
                _ => return None,
            },
            b's' => match text {
                "sbyte" => Self::KeywordSByte,
                "sealed" => Self::KeywordSealed,
                "short" => Self::KeywordShort,
                "sizeof" => Self::KeywordSizeOf,
                "stackalloc" => Self::KeywordStackAlloc,
                "static" => Self::KeywordStatic,
                "string" => Self::KeywordString,
                "struct" => Self::KeywordStruct,
                "switch" => Self::KeywordSwitch,
                _ => return None,
            },
            b't' => match text {
                "this" => Self::KeywordThis,
                "throw" => Self::KeywordThrow,
                "true" => Self::KeywordTrue,
                "try" => Self::KeywordTry,
                "typeof" => Self::KeywordTypeOf,
                _ => return None,
            },
            b'u' => match text {
                "uint" => Self::KeywordUInt,
                "ulong" => Self::KeywordULong,
                "unchecked" => Self::KeywordUnchecked,
                "unsafe" => Self::KeywordUnsafe,
                "ushort" => Self::KeywordUShort,
                "using" => Self::KeywordUsing,
                _ => return None,
            },
            b'v' => match text {
                "virtual" => Self::KeywordVirtual,
                "void" => Self::KeywordVoid,
                "volatile" => Self::KeywordVolatile,
                _ => return None,
            },
            b'w' => match text {
                "while" => Self::KeywordWhile,
                _ => return None,
            },
            _ => return None,
        })
    }
}
