//! What a supervisor at a telephone is told of their seat in a call, in words.
use crate::language::Language;

/// What is said to the seat alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatWords {
    /// Somebody has dialled in.
    AsksPin,
    /// It was another PIN than theirs.
    WrongPin,
    /// Somebody has answered, or has entered their PIN: before they press a key they hear nothing of the call.
    Asks,
    Listens,
    Whispers,
    Joins,
    TakesOver,
    HandedBack,
    /// They may not do this.
    NotAllowed,
    /// Another supervisor has taken the call over.
    Taken,
    /// There is nothing to hand back.
    NotTakenOver,
    /// It could not be done at present.
    Failed,
}

impl SeatWords {
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::En => self.english(),
            Language::Vi => self.vietnamese(),
        }
    }

    const fn english(self) -> &'static str {
        match self {
            Self::AsksPin => "Please enter the PIN that the console shows you.",
            Self::WrongPin => "That is another PIN. Please enter yours again.",
            Self::Asks => {
                "Press one to listen to the call. Then star two whispers, star three joins in, star four takes over, star five hands back, and star one listens."
            }
            Self::Listens => "You are listening. Nobody hears you.",
            Self::Whispers => "You are whispering. The caller does not hear you.",
            Self::Joins => "You have joined in. Everybody hears you.",
            Self::TakesOver => "You have taken over. The caller hears you, and the bot is silent.",
            Self::HandedBack => "The call is the bot's again. You are listening.",
            Self::NotAllowed => "You may not do that. Nothing has changed.",
            Self::Taken => "Somebody else has taken this call over. Nothing has changed.",
            Self::NotTakenOver => "You have not taken this call over. Nothing has changed.",
            Self::Failed => "That did not work. Nothing has changed. Please try again.",
        }
    }

    const fn vietnamese(self) -> &'static str {
        match self {
            Self::AsksPin => "Xin nhập mã PIN hiển thị trên bảng điều khiển.",
            Self::WrongPin => "Mã PIN không đúng. Xin nhập lại.",
            Self::Asks => {
                "Bấm phím một để nghe cuộc gọi. Sau đó sao hai để nói nhỏ, sao ba để tham gia, sao bốn để tiếp quản, sao năm để trả lại, và sao một để nghe."
            }
            Self::Listens => "Bạn đang nghe. Không ai nghe thấy bạn.",
            Self::Whispers => "Bạn đang nói nhỏ. Người gọi không nghe thấy bạn.",
            Self::Joins => "Bạn đã tham gia. Mọi người nghe thấy bạn.",
            Self::TakesOver => "Bạn đã tiếp quản. Người gọi nghe thấy bạn, và tổng đài tự động im lặng.",
            Self::HandedBack => "Cuộc gọi đã trả lại cho tổng đài tự động. Bạn đang nghe.",
            Self::NotAllowed => "Bạn không có quyền làm việc đó. Không có gì thay đổi.",
            Self::Taken => "Người khác đã tiếp quản cuộc gọi này. Không có gì thay đổi.",
            Self::NotTakenOver => "Bạn chưa tiếp quản cuộc gọi này. Không có gì thay đổi.",
            Self::Failed => "Chưa làm được. Không có gì thay đổi. Vui lòng thử lại.",
        }
    }
}
