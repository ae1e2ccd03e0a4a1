//! `PagePeers`: the signalling side of live calls from pages, each under the token that began it.
use crate::widget::{CallSlot, TokenId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use telephony::webrtc::Peer;

#[derive(Clone, Default)]
pub(super) struct PagePeers(Arc<Mutex<HashMap<String, PagePeer>>>);

struct PagePeer {
    peer: Peer,
    /// The token that began the call; requests with another one are refused.
    token: TokenId,
    _slot: CallSlot,
}

/// A page's entry; dropping it removes the page.
pub(super) struct PageEntry {
    peers: PagePeers,
    id: String,
}

impl Drop for PageEntry {
    fn drop(&mut self) {
        self.peers.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl PagePeers {
    pub(super) fn add(&self, id: &str, peer: Peer, token: TokenId, slot: CallSlot) -> PageEntry {
        let peer = PagePeer { peer, token, _slot: slot };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), peer);
        PageEntry { peers: self.clone(), id: id.to_owned() }
    }

    /// The peer of a live call that was begun with this token.
    pub(super) fn get(&self, id: &str, token: &TokenId) -> Option<Peer> {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        peers.get(id).filter(|page| page.token == *token).map(|page| page.peer.clone())
    }
}
