//! JSON read without trust: a member of the wrong type costs that member, never its neighbours.
//!
//! Published feeds do hold lists where objects belong and numbers where texts belong. Derived
//! deserialisers stop at the first of them, so the types here take any value and say what it was.
//! Texts are borrowed where they hold no escapes (serde's own `Cow` always copies).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A member of an object, or an element of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Field<T> {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// There.
    Is(T),
    /// There, but of another type, named here.
    Wrong(&'static str),
}

/// What a [`Field`] can hold: each kind of value is a type error unless overridden.
pub(crate) trait Lenient<'de>: Sized {
    /// The type asked for, with its article, as notes name it.
    const WANTED: &'static str;

    fn text(_text: Cow<'de, str>) -> Field<Self> {
        Field::Wrong("a string")
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong("a list"))
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong("an object"))
    }
}

impl<'de, T: Lenient<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WANTED)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::Wrong("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Field::Wrong("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Field::Wrong("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::Wrong("a number"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(T::text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::object(object)
    }
}

/// A text, borrowed from the input where it holds no escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub Cow<'a, str>);

impl<'de> Lenient<'de> for Text<'de> {
    const WANTED: &'static str = "a string";

    fn text(text: Cow<'de, str>) -> Field<Self> {
        Field::Is(Self(text))
    }
}

/// Strict, for the names of members, which are texts in all JSON.
impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de, T: Lenient<'de>> Lenient<'de> for Vec<Field<T>> {
    const WANTED: &'static str = "a list";

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Field::Is(elements))
    }
}

/// Declares an object of lenient members: other members are passed over, the last of equal names counts.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $json:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name<'a> {
            $(pub $field: $type,)*
        }

        impl<'de> $crate::advisory::json::Lenient<'de> for $name<'de> {
            const WANTED: &'static str = "an object";

            fn object<A: serde::de::MapAccess<'de>>(
                mut members: A,
            ) -> std::result::Result<$crate::advisory::json::Field<Self>, A::Error> {
                let mut object = Self::default();
                while let Some(name) = members.next_key::<$crate::advisory::json::Text<'de>>()? {
                    match &*name.0 {
                        $($json => object.$field = members.next_value()?,)*
                        _ => drop(members.next_value::<serde::de::IgnoredAny>()?),
                    }
                }
                Ok($crate::advisory::json::Field::Is(object))
            }
        }
    };
}
pub(crate) use object;

/// The same JSON without the white space between its tokens.
pub(crate) fn compact(json: &str) -> Cow<'_, str> {
    if !json
        .bytes()
        .any(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
    {
        return Cow::Borrowed(json);
    }
    let mut compact = String::with_capacity(json.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in json.chars() {
        if quoted {
            compact.push(c);
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
        } else if !matches!(c, ' ' | '\n' | '\r' | '\t') {
            quoted = c == '"';
            compact.push(c);
        }
    }
    Cow::Owned(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_any_type_is_read() {
        let read = |json| serde_json::from_str::<Field<Text<'_>>>(json).unwrap();
        assert_eq!(read("null"), Field::Absent);
        assert_eq!(read("\"a\\nb\""), Field::Is(Text("a\nb".into())));
        assert_eq!(read("true"), Field::Wrong("a boolean"));
        assert_eq!(read("-1"), Field::Wrong("a number"));
        assert_eq!(read("1"), Field::Wrong("a number"));
        assert_eq!(read("1.5"), Field::Wrong("a number"));
        assert_eq!(read("[[[]]]"), Field::Wrong("a list"));
        assert_eq!(read("{\"a\":{}}"), Field::Wrong("an object"));
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let read = |json| match serde_json::from_str::<Field<Text<'_>>>(json).unwrap() {
            Field::Is(Text(text)) => matches!(text, Cow::Borrowed(_)),
            _ => false,
        };
        assert!(read("\"plain\""));
        assert!(!read("\"e\\u0073caped\""));
    }

    #[test]
    fn compacting_leaves_texts_alone() {
        assert_eq!(compact("{ \"a b\" :\n[1, 2] }"), "{\"a b\":[1,2]}");
        assert_eq!(compact("\"\\\" x \\\\\" "), "\"\\\" x \\\\\"");
        assert_eq!(compact("{}"), "{}");
    }
}
