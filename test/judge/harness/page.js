// What a judge does, inside the browser. Peer connections stay in the page and are known by number.

'use strict'
{
  const PATIENCE = 10_000
  const all = []
  let devices, bundlePolicy

  /** An error says which step the browser refused, in the browser's own words. */
  const step = (name, promise) => promise.catch(error => { throw new Error(`${name}: ${error.name}: ${error.message}`) })

  function create() {
    const pc = new RTCPeerConnection({ bundlePolicy })
    const call = { pc, stream: new MediaStream(), heard: [], candidates: [] }
    pc.ontrack = ({ track, streams }) => call.heard.push({ kind: track.kind, streams })
    pc.onicecandidate = ({ candidate }) => { if (candidate) call.candidates.push(candidate.toJSON()) }
    all.push(call)
    return call
  }

  const track = kind => devices.getTracks().find(t => t.kind === kind).clone()

  const send = (call, kind) => call.pc.addTrack(track(kind), call.stream)

  /** Adds one m-line as a page would have come by it, or gives the one that is there its direction. */
  function line(call, { kind, direction, layers }, i) {
    const there = call.pc.getTransceivers()[i]
    if (there) there.direction = direction
    else if (kind === 'application') call.pc.createDataChannel('chat')
    else if (layers) call.pc.addTransceiver(track(kind), { direction, streams: [call.stream], sendEncodings: layers.map(rid => ({ rid })) })
    else if (direction === 'sendrecv') send(call, kind)
    else if (direction === 'sendonly') call.pc.addTransceiver(track(kind), { direction, streams: [call.stream] })
    else call.pc.addTransceiver(kind, { direction })
  }

  const codecs = end => (end.getParameters().codecs ?? []).map(c => c.mimeType)

  /** What was negotiated, m-line by m-line. */
  function verdict(call) {
    const sections = call.pc.currentRemoteDescription.sdp.split(/^m=/m).slice(1)
    const lines = sections.map(section => {
      const mid = /^a=mid:(.*?)\r?$/m.exec(section)?.[1]
      const transceiver = call.pc.getTransceivers().find(t => t.mid === mid)
      const kind = section.slice(0, section.indexOf(' '))
      if (!transceiver) return { kind, mid, direction: 'stopped', sends: [], receives: [] }
      const { currentDirection: direction, sender, receiver } = transceiver
      return { kind, mid, direction, sends: codecs(sender), receives: codecs(receiver) }
    })
    return { state: call.pc.signalingState, lines, tracks: tracks(call) }
  }

  /** The tracks heard; a stream is a number, the same number is the same object. */
  function tracks(call) {
    const streams = []
    return call.heard.map(({ kind, streams: heard }) => ({
      kind,
      streams: heard.map(s => (streams.includes(s) ? streams.indexOf(s) : streams.push(s) - 1)),
      beside: heard.flatMap(s => s.getTracks().map(t => t.kind)).sort(),
    }))
  }

  globalThis.judge = {
    async open() {
      devices = await navigator.mediaDevices.getUserMedia({ audio: true, video: true })
      this.bundle('balanced')
    },

    /** How calls from now on bundle; at first as the call page does it: peers without BUNDLE exist. */
    bundle(policy) { bundlePolicy = policy },

    /** Hears an offer, the first or one more of this call, and answers with a microphone and a camera for all that it offers. */
    async hear(sdp, number) {
      const call = all[number] ?? create()
      const kinds = [...sdp.matchAll(/^m=(audio|video) /gm)].map(([, kind]) => kind)
      for (const kind of kinds.slice(call.pc.getTransceivers().length)) send(call, kind)
      await step('setRemoteDescription', call.pc.setRemoteDescription({ type: 'offer', sdp }))
      const answer = await step('createAnswer', call.pc.createAnswer())
      await step('setLocalDescription', call.pc.setLocalDescription(answer))
      return { pc: all.indexOf(call), answer: answer.sdp, ...verdict(call) }
    },

    /** Offers such m-lines, first or once more in this call. */
    async offer(lines, number, restart) {
      const call = all[number] ?? create()
      lines.forEach((l, i) => line(call, l, i))
      if (restart) call.pc.restartIce()
      const offer = await step('createOffer', call.pc.createOffer())
      await step('setLocalDescription', call.pc.setLocalDescription(offer))
      return { pc: all.indexOf(call), offer: offer.sdp }
    },

    /** Hears the answer to what was offered. */
    async answered(number, sdp) {
      const call = all[number]
      await step('setRemoteDescription', call.pc.setRemoteDescription({ type: 'answer', sdp }))
      return verdict(call)
    },

    /** Its candidates, once it has all, and its description with all in it. */
    async gathered(number) {
      const { pc, candidates } = all[number]
      await new Promise((resolve, reject) => {
        const look = () => { if (pc.iceGatheringState === 'complete') resolve() }
        pc.onicegatheringstatechange = look
        setTimeout(() => reject(new Error(`gathering: still ${pc.iceGatheringState} after ${PATIENCE} ms`)), PATIENCE)
        look()
      })
      return { sdp: pc.localDescription.sdp, candidates }
    },

    /** Hears candidates of the other side. */
    async trickled(number, candidates) {
      for (const c of candidates) await step('addIceCandidate', all[number].pc.addIceCandidate(c))
    },

    /** What was sent, received and decoded until now, all layers together. */
    async counters(number) {
      const { pc } = all[number]
      const counters = {}
      const count = (what, n) => { counters[what] = (counters[what] ?? 0) + (n ?? 0) }
      for (const s of (await pc.getStats()).values()) {
        if (s.type === 'outbound-rtp') count(`${s.kind} sent`, s.packetsSent)
        if (s.type === 'inbound-rtp') count(`${s.kind} received`, s.packetsReceived)
        if (s.type === 'inbound-rtp' && s.kind === 'video') count('video decoded', s.framesDecoded)
      }
      return { state: pc.connectionState, counters }
    },

    /** Ends all calls of a test. */
    close() {
      for (const { pc } of all.splice(0)) {
        for (const sender of pc.getSenders()) sender.track?.stop()
        pc.close()
      }
    },
  }
}
