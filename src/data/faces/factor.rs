//! What varies from face to face: the factors, and the values they have.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// How far a face may be off the middle, as a part of the image's side: no hair is cut off at the top or the sides.
const SHIFT: f32 = 0.06;

/// Names an enum of a factor's values, in the order of their numbers.
macro_rules! values {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$value_doc])* $value),* }

        impl $name {
            /// All values, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];
            /// Their names.
            pub const NAMES: &'static [&'static str] = &[$($text),*];
        }
    };
}

values!(
    /// What corners of the mouth and eyebrows do.
    Expression {
        /// Corners down, eyebrows together.
        Frown = "frown",
        /// Corners up, eyebrows high.
        Smile = "smile"
    }
);
values!(
    /// Whether teeth and tongue are seen.
    Mouth {
        /// A line.
        Closed = "closed",
        /// With teeth and tongue.
        Open = "open"
    }
);
values!(
    /// How far the hair comes down.
    HairLength {
        /// The ears are free.
        Short = "short",
        /// To the chin.
        Medium = "medium",
        /// Over the shoulders.
        Long = "long"
    }
);
values!(
    /// The hair's colour, and that of the eyebrows.
    HairColour {
        /// Bluish black.
        Black = "black",
        /// Chestnut.
        Brown = "brown",
        /// Red.
        Red = "red",
        /// Golden.
        Blond = "blond"
    }
);
values!(
    /// The colour of the irises.
    EyeColour {
        /// Brown.
        Brown = "brown",
        /// Green.
        Green = "green",
        /// Blue.
        Blue = "blue"
    }
);
values!(
    /// The colour of head, neck and ears, from light to dark.
    SkinTone {
        /// The lightest.
        Light = "light",
        /// Beige.
        Beige = "beige",
        /// Tan.
        Tan = "tan",
        /// Brown.
        Brown = "brown",
        /// The darkest.
        Dark = "dark"
    }
);

/// What can vary from face to face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Factor {
    /// [`Face::expression`](super::Face::expression)
    Expression,
    /// [`Face::mouth`](super::Face::mouth)
    Mouth,
    /// [`Face::hair_length`](super::Face::hair_length)
    HairLength,
    /// [`Face::hair_colour`](super::Face::hair_colour)
    HairColour,
    /// [`Face::eye_colour`](super::Face::eye_colour)
    EyeColour,
    /// [`Face::skin`](super::Face::skin)
    SkinTone,
    /// [`Face::size`](super::Face::size)
    Size,
    /// [`Face::x`](super::Face::x)
    X,
    /// [`Face::y`](super::Face::y)
    Y,
}

impl Factor {
    /// All factors.
    pub const ALL: [Self; 9] = [
        Self::Expression,
        Self::Mouth,
        Self::HairLength,
        Self::HairColour,
        Self::EyeColour,
        Self::SkinTone,
        Self::Size,
        Self::X,
        Self::Y,
    ];

    /// What to call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expression => "expression",
            Self::Mouth => "mouth",
            Self::HairLength => "hair length",
            Self::HairColour => "hair colour",
            Self::EyeColour => "eye colour",
            Self::SkinTone => "skin tone",
            Self::Size => "size",
            Self::X => "x",
            Self::Y => "y",
        }
    }

    /// The names of its values; none for the continuous factors size, x and y.
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::Expression => Expression::NAMES,
            Self::Mouth => Mouth::NAMES,
            Self::HairLength => HairLength::NAMES,
            Self::HairColour => HairColour::NAMES,
            Self::EyeColour => EyeColour::NAMES,
            Self::SkinTone => SkinTone::NAMES,
            Self::Size | Self::X | Self::Y => &[],
        }
    }

    /// Its least and greatest number: of a continuous factor the value itself, of another the value's index.
    pub fn range(self) -> RangeInclusive<f32> {
        match self {
            Self::Size => 0.8..=1.0,
            Self::X | Self::Y => -SHIFT..=SHIFT,
            _ => 0.0..=(self.values().len() - 1) as f32,
        }
    }
}
