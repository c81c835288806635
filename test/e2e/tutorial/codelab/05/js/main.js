'use strict'

var isChannelReady = false // the other one is in the room
var isInitiator = false    // this page created the room
var isStarted = false      // there is a peer connection
var localStream, remoteStream, pc

var localVideo = document.querySelector('#localVideo'), remoteVideo = document.querySelector('#remoteVideo')

// ---- the room

var room = prompt('Which room?')
var socket = io.connect()

if (room !== '') {
  socket.emit('create or join', room)
  console.log('Asked for room ' + room)
}

socket.on('created', function (room) {
  console.log('Created ' + room)
  isInitiator = true
})

socket.on('full', function (room) { console.log('Full: ' + room) })

socket.on('join', function (room) {
  console.log('Somebody comes to ' + room + ', which this page created')
  isChannelReady = true
})

socket.on('joined', function (room) {
  console.log('Joined ' + room)
  isChannelReady = true
})

socket.on('log', function (words) { console.log.apply(console, words) })

function sendMessage(message) {
  console.log('Says:', message)
  socket.emit('message', message)
}

socket.on('message', function (message) {
  console.log('Hears:', message)
  if (message === 'got user media') {
    maybeStart()
  } else if (message.type === 'offer') {
    if (!isInitiator && !isStarted) maybeStart()
    pc.setRemoteDescription(new RTCSessionDescription(message))
    doAnswer()
  } else if (message.type === 'answer' && isStarted) {
    pc.setRemoteDescription(new RTCSessionDescription(message))
  } else if (message.type === 'candidate' && isStarted) {
    pc.addIceCandidate(new RTCIceCandidate({ sdpMLineIndex: message.label, candidate: message.candidate }))
  } else if (message === 'bye' && isStarted) {
    handleRemoteHangup()
  }
})

// ---- the camera

navigator.mediaDevices.getUserMedia({ audio: false, video: true }).then(function (stream) {
  console.log('The camera is on')
  localStream = stream
  localVideo.srcObject = stream
  sendMessage('got user media')
  if (isInitiator) maybeStart()
}).catch(function (err) { alert('No camera: ' + err.name) })

// ---- the call

function maybeStart() {
  console.log('May it start?', isStarted, typeof localStream, isChannelReady)
  if (isStarted || typeof localStream === 'undefined' || !isChannelReady) return
  createPeerConnection()
  pc.addStream(localStream)
  isStarted = true
  console.log('It starts, as initiator:', isInitiator)
  if (isInitiator) doCall()
}

function createPeerConnection() {
  pc = new RTCPeerConnection(null)
  pc.onicecandidate = function (event) {
    if (!event.candidate) return console.log('No more candidates')
    sendMessage({
      type: 'candidate',
      label: event.candidate.sdpMLineIndex,
      id: event.candidate.sdpMid,
      candidate: event.candidate.candidate
    })
  }
  pc.onaddstream = function (event) {
    console.log('The other picture')
    remoteStream = event.stream
    remoteVideo.srcObject = remoteStream
  }
  pc.onremovestream = function (event) { console.log('No other picture', event) }
}

function doCall() {
  pc.createOffer(setLocalAndSendMessage, function (err) { console.log('No offer:', err) })
}

function doAnswer() {
  pc.createAnswer().then(setLocalAndSendMessage, function (err) { console.log('No answer:', err) })
}

function setLocalAndSendMessage(description) {
  pc.setLocalDescription(description)
  sendMessage(description)
}

// ---- the end

window.onbeforeunload = function () { sendMessage('bye') }

function hangup() {
  console.log('Hangs up')
  stop()
  sendMessage('bye')
}

function handleRemoteHangup() {
  console.log('The other one hung up')
  stop()
  isInitiator = false
}

function stop() {
  isStarted = false
  pc.close()
  pc = null
}
