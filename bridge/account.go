package bridge

// account is an XMPP account that a browser has logged in with and is.
type account struct{}
