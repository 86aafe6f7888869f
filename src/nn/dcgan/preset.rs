//! The course's sizes of DCGAN, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How large the images are, and how wide the networks: see the table of [`dcgan`](crate::nn::dcgan).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Preset {
    /// Images of 128×128, `128` in a configuration.
    #[serde(rename = "128")]
    P128,
    /// Images of 64×64, `64` in a configuration.
    #[serde(rename = "64")]
    P64,
    /// Images of 32×32, `32` in a configuration.
    #[serde(rename = "32")]
    P32,
    /// Images of 32×32 with half the channels, `32-small` in a configuration. The default: it trains in minutes on two
    /// cores.
    #[default]
    #[serde(rename = "32-small")]
    P32Small,
}

/// Lengths of a latent vector that the course has.
pub const LATENTS: [usize; 3] = [128, 16, 1];

impl Preset {
    /// All of them, the largest first.
    pub const ALL: [Self; 4] = [Self::P128, Self::P64, Self::P32, Self::P32Small];

    /// As a configuration and the command line have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::P128 => "128",
            Self::P64 => "64",
            Self::P32 => "32",
            Self::P32Small => "32-small",
        }
    }

    /// Rows and columns of an image.
    pub fn side(self) -> usize {
        match self {
            Self::P128 => 128,
            Self::P64 => 64,
            Self::P32 | Self::P32Small => 32,
        }
    }

    /// Channels behind each of the generator's blocks but the last, which makes the image.
    pub fn generator(self) -> &'static [usize] {
        match self {
            Self::P128 => &[512, 256, 128, 64, 32],
            Self::P64 => &[512, 256, 128, 64],
            Self::P32 => &[256, 128, 64],
            Self::P32Small => &[128, 64, 32],
        }
    }

    /// Channels behind each of the discriminator's blocks but the last, which makes the logit.
    pub fn discriminator(self) -> &'static [usize] {
        match self {
            Self::P128 => &[64, 128, 256, 512, 1024],
            Self::P64 => &[64, 128, 256, 512],
            Self::P32 => &[64, 128, 256],
            Self::P32Small => &[32, 64, 128],
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == text);
        found.ok_or_else(|| format!("expected {}", Self::ALL.map(Self::name).join(", ")))
    }
}
