// Runs in every page before its scripts: remembers the page's peer connections, so that tests see the media of any
// page without asking it for help.

export function probe() {
  const made = []
  const Real = globalThis.RTCPeerConnection
  class RTCPeerConnection extends Real {
    constructor(...args) {
      super(...args)
      made.push(this)
    }
  }
  globalThis.RTCPeerConnection = globalThis.webkitRTCPeerConnection = RTCPeerConnection

  /** The connection of the running call: the newest that has a remote description and is not closed. */
  globalThis.livePC = () => made.findLast(pc => pc.signalingState !== 'closed' && pc.remoteDescription)
  globalThis.openPCs = () => made.filter(pc => pc.signalingState !== 'closed').length

  /** Counters that grow while media flows, by direction and kind; null without a connection. */
  globalThis.mediaCounters = async () => {
    const pc = globalThis.livePC()
    if (!pc) return null
    const counters = {}
    for (const s of (await pc.getStats()).values()) {
      if (s.type === 'outbound-rtp') {
        counters[`${s.kind} packets sent`] = s.packetsSent
        if (s.kind === 'video') counters['video frames encoded'] = s.framesEncoded
      }
      if (s.type === 'inbound-rtp') {
        counters[`${s.kind} packets received`] = s.packetsReceived
        if (s.kind === 'video') counters['video frames decoded'] = s.framesDecoded
        // Samples that came out of the jitter buffer and were not made up to fill a gap.
        else counters['audio samples decoded'] = s.totalSamplesReceived - s.concealedSamples
      }
    }
    return { state: pc.connectionState, counters }
  }

  /** Who the two ends of the connection are, as DTLS proves it. */
  globalThis.fingerprints = () => {
    const of = description => [...description.sdp.matchAll(/^a=fingerprint:\S+ (\S+)/gm)].map(m => m[1].toUpperCase())
    const pc = globalThis.livePC()
    return pc && { local: [...new Set(of(pc.localDescription))], remote: [...new Set(of(pc.remoteDescription))] }
  }
}
