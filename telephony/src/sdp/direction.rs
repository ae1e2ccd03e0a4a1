//! `SendReceive`: a direction as two facts, so that the directions of both sides can be combined.
use media::leg::Direction;

#[derive(Clone, Copy)]
pub(super) struct SendReceive {
    pub(super) sends: bool,
    pub(super) receives: bool,
}

impl SendReceive {
    pub(super) const fn of(direction: Direction) -> Self {
        Self { sends: direction.sends(), receives: direction.receives() }
    }

    /// What is left for us where the other side does `theirs`: each sends where the other receives.
    pub(super) const fn facing(self, theirs: Self) -> Self {
        Self { sends: self.sends && theirs.receives, receives: self.receives && theirs.sends }
    }

    pub(super) const fn direction(self) -> Direction {
        match (self.sends, self.receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_send_where_the_other_side_receives_and_receive_where_it_sends() {
        use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
        for (ours, theirs, expected) in [
            (SendRecv, SendRecv, SendRecv),
            (SendRecv, SendOnly, RecvOnly),
            (SendRecv, RecvOnly, SendOnly),
            (SendOnly, SendOnly, Inactive),
            (SendOnly, RecvOnly, SendOnly),
            (Inactive, SendRecv, Inactive),
        ] {
            let direction = SendReceive::of(ours).facing(SendReceive::of(theirs)).direction();
            assert_eq!(direction, expected, "{ours:?} and {theirs:?}");
        }
    }
}
