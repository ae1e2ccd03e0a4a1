//! `Stack`: one connection of the `rtc` library, configured for this server: descriptions, candidates and state. Packets go through
//! `connection` itself.
use super::deliver::DeliverRtcp;
use super::sockets::Sockets;
use super::{Fault, Ice, candidate};
use crate::sdp::web::{self, Transport};
use media::codec::Codec;
use rtc::data_channel::{RTCDataChannelId, RTCDataChannelInit};
use rtc::interceptor::{Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::peer_connection::configuration::setting_engine::{SctpMaxMessageSize, SettingEngineBuilder};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{RTCDtlsRole, RTCDtlsTransportState, RTCIceCandidateInit};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::RTCRtpSenderId;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::time::{Duration, Instant};

/// The `mid`s of sound and data in descriptions that the library reads and writes.
pub(super) const MIDS: (&str, &str) = ("0", "1");
/// The data channel's label and protocol.
pub(super) const LABEL: &str = "switchboard";
const PROTOCOL: &str = "switchboard.v1";
/// The time between two rounds of ICE connectivity checks, and how many checks a candidate pair gets.
const CHECK: (Duration, u16) = (Duration::from_millis(50), 300);
/// How often consent is checked (RFC 7675), and after how long without an answer a pair counts as disconnected. The liveness check
/// of the sound notices earlier.
const CONSENT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5));
/// The most bytes of data channel messages that wait to be sent, and to be read.
const SCTP_BUFFER: u32 = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Answerer(Ice),
    Offerer,
}

pub(super) struct Stack {
    pub connection: RTCPeerConnection,
    /// The SSRC of the sound that is sent.
    pub ssrc: u32,
    pub track: String,
    sender: RTCRtpSenderId,
}

/// Hides the library's own words, which can hold addresses.
fn refused(_: Error) -> Fault {
    Fault::Stack("the description does not fit")
}

impl Stack {
    /// A connection with one track of sound. `keys`: payload type and clock rate of each telephone-event.
    pub(super) fn new(role: Role, codecs: &[(u8, Codec)], keys: &[(u8, u32)]) -> Result<Self, Fault> {
        let mut engine = MediaEngine::default();
        let mut first = None;
        for (payload_type, codec) in codecs {
            let mime_type = format!("audio/{}", codec.name());
            let codec = RTCRtpCodec { mime_type, clock_rate: codec.clock(), channels: 2, ..RTCRtpCodec::default() };
            first.get_or_insert_with(|| codec.clone());
            let parameters = RTCRtpCodecParameters { rtp_codec: codec, payload_type: *payload_type };
            engine.register_codec(parameters, RtpCodecKind::Audio).map_err(refused)?;
        }
        for (payload_type, clock) in keys {
            let mime_type = "audio/telephone-event".to_owned();
            let codec = RTCRtpCodec { mime_type, clock_rate: *clock, channels: 1, ..RTCRtpCodec::default() };
            let parameters = RTCRtpCodecParameters { rtp_codec: codec, payload_type: *payload_type };
            engine.register_codec(parameters, RtpCodecKind::Audio).map_err(refused)?;
        }
        let settings = SettingEngineBuilder::new()
            .with_lite(role == Role::Answerer(Ice::Lite))
            .with_include_loopback_candidate(true)
            .with_answering_dtls_role(RTCDtlsRole::Server)
            .with_ice_connection_attempts(Some(CHECK.0), Some(CHECK.1))
            // Zero: the agent never enters the state "failed", in which it forgets its candidates. The liveness check decides when the far
            // end is gone.
            .with_ice_timeouts(Some(CONSENT.1), Some(Duration::ZERO), Some(CONSENT.0))
            .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
            .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
            .with_relay_acceptance_min_wait(Some(Duration::ZERO))
            .with_sctp_max_message_size(SctpMaxMessageSize::Bounded(SCTP_BUFFER))
            .with_sctp_max_receive_buffer_size(SCTP_BUFFER)
            .build();
        let mut connection = RTCPeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(engine)
            .with_setting_engine(settings)
            .with_interceptor_registry(Registry::new().with(Slot::ReceiverReport, DeliverRtcp::default()))
            .build(Instant::now())
            .map_err(refused)?;
        let (ssrc, track) = (rand::random::<u32>().max(1), "sound".to_owned());
        let coding = RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() };
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: coding,
            codec: first.unwrap_or_default(),
            ..RTCRtpEncodingParameters::default()
        };
        let ours =
            MediaStreamTrack::new(LABEL.into(), track.clone(), "sound".into(), RtpCodecKind::Audio, vec![encoding]);
        let sender = connection.add_track(ours).map_err(refused)?;
        Ok(Self { connection, ssrc, track, sender })
    }

    /// Takes an offer (see [`web::BrowserDescription::reduced`]); returns our side of the transport.
    pub(super) fn answer(&mut self, description: &str, sockets: &Sockets) -> Result<Transport, Fault> {
        let now = Instant::now();
        let offer = RTCSessionDescription::offer(description.to_owned()).map_err(refused)?;
        self.connection.set_remote_description(now, offer).map_err(refused)?;
        self.add_local_candidates(sockets);
        let answer = self.connection.create_answer(None).map_err(refused)?;
        self.connection.set_local_description(now, answer).map_err(refused)?;
        self.transport()
    }

    pub(super) fn offer(&mut self, sockets: &Sockets) -> Result<Transport, Fault> {
        let channel = RTCDataChannelInit { protocol: PROTOCOL.into(), ..RTCDataChannelInit::default() };
        self.connection.create_data_channel(LABEL, Some(channel)).map_err(refused)?;
        self.add_local_candidates(sockets);
        self.offer_again()
    }

    /// Another offer of the same streams; once there was an answer, one of an ICE restart.
    pub(super) fn offer_again(&mut self) -> Result<Transport, Fault> {
        if self.connection.current_remote_description().is_some() {
            self.connection.restart_ice();
        }
        let offer = self.connection.create_offer(None).map_err(refused)?;
        self.connection.set_local_description(Instant::now(), offer).map_err(refused)?;
        self.transport()
    }

    /// Takes the answer to our offer (see [`web::BrowserDescription::reduced`]).
    pub(super) fn accept(&mut self, description: &str) -> Result<(), Fault> {
        let answer = RTCSessionDescription::answer(description.to_owned()).map_err(refused)?;
        self.connection.set_remote_description(Instant::now(), answer).map_err(refused)
    }

    /// Adds a candidate of the far end; one that cannot be used is ignored.
    pub(super) fn add_candidate(&mut self, candidate: &str) {
        let candidate = RTCIceCandidateInit { candidate: candidate.to_owned(), ..RTCIceCandidateInit::default() };
        self.connection.add_remote_candidate(candidate).ok();
    }

    /// Adds our sockets as local candidates, by the addresses that they are bound to.
    pub(super) fn add_local_candidates(&mut self, sockets: &Sockets) {
        let udp = sockets.addresses().enumerate().map(|(place, address)| candidate::host(address, place));
        let tcp = sockets.tcp().enumerate().map(|(place, address)| candidate::passive(address, place));
        for candidate in udp.chain(tcp) {
            let candidate = RTCIceCandidateInit { candidate, ..RTCIceCandidateInit::default() };
            self.connection.add_local_candidate(candidate).ok();
        }
    }

    /// Our ICE credentials and DTLS fingerprint, read from the library's local description.
    fn transport(&self) -> Result<Transport, Fault> {
        let description = self.connection.local_description().ok_or(Fault::Stack("it has no description"))?;
        let attributes = web::attributes(&description.sdp);
        let find = |key: &str| {
            let found = attributes.iter().flatten().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_owned());
            found.ok_or(Fault::Stack("its description lacks its transport"))
        };
        let lite = attributes.iter().flatten().any(|(k, _)| *k == "ice-lite");
        Ok(Transport { ufrag: find("ice-ufrag")?, pwd: find("ice-pwd")?, fingerprint: find("fingerprint")?, lite })
    }

    /// Whether the far end has closed DTLS, or DTLS has failed.
    pub(super) fn is_closed(&mut self) -> bool {
        let Some(sender) = self.connection.rtp_sender(self.sender) else { return true };
        sender
            .transport()
            .is_some_and(|t| matches!(t.state(), RTCDtlsTransportState::Closed | RTCDtlsTransportState::Failed))
    }

    /// Whether this is the data channel of the call's page.
    pub(super) fn is_page_channel(&mut self, id: RTCDataChannelId) -> bool {
        self.connection.data_channel(id).is_some_and(|channel| channel.label() == LABEL)
    }

    pub(super) fn deadline(&mut self) -> Option<Instant> {
        self.connection.poll_timeout()
    }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stack")
    }
}
