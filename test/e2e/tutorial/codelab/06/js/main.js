'use strict'

var CHUNK = 64000

var video = document.querySelector('video')
var photo = document.getElementById('photo'), context = photo.getContext('2d')
var trail = document.getElementById('trail')
var sendButton = document.getElementById('send'), snapAndSendButton = document.getElementById('snapAndSend')
var width, height
var isInitiator, peerConn, dataChannel

document.getElementById('snap').addEventListener('click', snapPhoto)
sendButton.addEventListener('click', sendPhoto)
snapAndSendButton.addEventListener('click', function () { snapPhoto(); sendPhoto() })
allowSending(false)

// ---- the room

var room = window.location.hash.substring(1)
if (!room) room = window.location.hash = Math.random().toString(36).substring(2)

var socket = io.connect()

socket.on('ipaddr', function (address) { console.log('The server is at ' + address) })

socket.on('created', function (room, id) {
  console.log('Created ' + room + ' as ' + id)
  isInitiator = true
  openCamera()
})

socket.on('joined', function (room, id) {
  console.log('Joined ' + room + ' as ' + id)
  isInitiator = false
  createPeerConnection()
  openCamera()
})

socket.on('full', function (room) {
  alert('Room ' + room + ' is full. Here is a new one.')
  window.location.hash = ''
  window.location.reload()
})

socket.on('ready', function () {
  console.log('Ready')
  createPeerConnection()
})

socket.on('log', function (words) { console.log.apply(console, words) })

socket.on('message', function (message) {
  console.log('Hears:', message)
  take(message)
})

socket.emit('create or join', room)
if (location.hostname.match(/localhost|127\.0\.0/)) socket.emit('ipaddr')

socket.on('disconnect', function (reason) {
  console.log('Disconnected: ' + reason)
  allowSending(false)
})

socket.on('bye', function (room) {
  console.log('The other one left ' + room)
  allowSending(false)
  // Who did not create the room comes again, to be its creator.
  if (!isInitiator) window.location.reload()
})

window.addEventListener('unload', function () { socket.emit('bye', room) })

function sendMessage(message) {
  console.log('Says:', message)
  socket.emit('message', message)
}

// ---- the camera

function openCamera() {
  navigator.mediaDevices.getUserMedia({ audio: false, video: true }).then(function (stream) {
    video.srcObject = stream
    video.onloadedmetadata = function () {
      photo.width = width = video.videoWidth
      photo.height = height = video.videoHeight
      console.log('The camera is on')
    }
  }).catch(function (err) { alert('No camera: ' + err.name) })
}

// ---- the peer connection

function take(message) {
  if (message.type === 'offer') {
    peerConn.setRemoteDescription(new RTCSessionDescription(message), function () {}, logError)
    peerConn.createAnswer(onLocalDescription, logError)
  } else if (message.type === 'answer') {
    peerConn.setRemoteDescription(new RTCSessionDescription(message), function () {}, logError)
  } else if (message.type === 'candidate') {
    peerConn.addIceCandidate(new RTCIceCandidate({
      candidate: message.candidate, sdpMLineIndex: message.label, sdpMid: message.id
    }))
  }
}

function createPeerConnection() {
  console.log('A peer connection, as initiator:', isInitiator)
  peerConn = new RTCPeerConnection(null)
  peerConn.onicecandidate = function (event) {
    if (!event.candidate) return console.log('No more candidates')
    sendMessage({
      type: 'candidate',
      label: event.candidate.sdpMLineIndex,
      id: event.candidate.sdpMid,
      candidate: event.candidate.candidate
    })
  }
  if (isInitiator) {
    dataChannel = peerConn.createDataChannel('photos')
    onDataChannel(dataChannel)
    peerConn.createOffer().then(function (offer) { return peerConn.setLocalDescription(offer) })
      .then(function () { sendMessage(peerConn.localDescription) }).catch(logError)
  } else {
    peerConn.ondatachannel = function (event) {
      dataChannel = event.channel
      onDataChannel(dataChannel)
    }
  }
}

function onLocalDescription(description) {
  peerConn.setLocalDescription(description).then(function () { sendMessage(peerConn.localDescription) }).catch(logError)
}

function logError(err) { console.log('Error: ' + err) }

// ---- photos: the length as text, then that many bytes in pieces

function onDataChannel(channel) {
  var photo, count
  channel.binaryType = 'arraybuffer'
  channel.onopen = function () {
    console.log('The channel is open')
    allowSending(true)
  }
  channel.onclose = function () {
    console.log('The channel is closed')
    allowSending(false)
  }
  channel.onmessage = function (event) {
    if (typeof event.data === 'string') {
      photo = new Uint8ClampedArray(parseInt(event.data))
      count = 0
      return
    }
    photo.set(new Uint8ClampedArray(event.data), count)
    count += event.data.byteLength
    if (count === photo.byteLength) showPhoto(photo)
  }
}

function snapPhoto() { context.drawImage(video, 0, 0, photo.width, photo.height) }

function sendPhoto() {
  var data = context.getImageData(0, 0, width, height).data
  dataChannel.send(data.byteLength)
  for (var at = 0; at < data.byteLength; at += CHUNK) dataChannel.send(data.subarray(at, at + CHUNK))
}

function showPhoto(data) {
  var canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  trail.insertBefore(canvas, trail.firstChild)
  var image = canvas.getContext('2d').createImageData(width, height)
  image.data.set(data)
  canvas.getContext('2d').putImageData(image, 0, 0)
  console.log('A photo came')
}

function allowSending(may) { sendButton.disabled = snapAndSendButton.disabled = !may }
