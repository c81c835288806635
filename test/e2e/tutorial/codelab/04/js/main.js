'use strict'

var isInitiator
var room = prompt('Which room?')
var socket = io.connect()

if (room !== '') {
  console.log('Asking for room ' + room)
  socket.emit('create or join', room)
}

socket.on('created', function (room, id) {
  isInitiator = true
  console.log('Created ' + room + ' as ' + id)
})

socket.on('joined', function (room, id) {
  isInitiator = false
  console.log('Joined ' + room + ' as ' + id)
})

socket.on('full', function (room) { console.log('Full: ' + room) })

socket.on('ipaddr', function (address) { console.log('The server is at ' + address) })

socket.on('log', function (words) { console.log.apply(console, words) })
