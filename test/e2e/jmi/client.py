#!/usr/bin/python3
"""A scripted XMPP client with XEP-0353, on slixmpp: says and checks what Conversations would.

Driven by JSON lines: commands on standard input, events on standard output. It rings, acknowledges and answers by
itself as Conversations does; whether a person takes a call, and when, is up to the commands.

  {"do": "subscribe", "to": BARE}                     {"do": "propose", "to": BARE, "sid": SID, "media": ["audio"]}
  {"do": "proceed" | "reject" | "busy", "sid": SID}   {"do": "retract", "sid": SID}
  {"do": "terminate", "sid": SID, "reason": "success"}

  {"event": "online", "jid": FULL}   {"event": "in" | "out", "stanza": {name, ns, attrs, text, children}}
  {"event": "elsewhere", "sid": SID} another device of the account has taken or refused a call that rang here
  {"event": "fault", "text": ...}    what the far side did that Conversations would end the call for
"""

import argparse
import asyncio
import json
import os
import sys
import uuid
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.stanza import Iq, Message, Presence
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

JINGLE = "urn:xmpp:jingle:1"
JMI = "urn:xmpp:jingle-message:0"
RTP = "urn:xmpp:jingle:apps:rtp:1"
ICE = "urn:xmpp:jingle:transports:ice-udp:1"
DTLS = "urn:xmpp:jingle:apps:dtls:0"
RECEIPTS = "urn:xmpp:receipts"
HINTS = "urn:xmpp:hints"
FEATURES = [JINGLE, JMI, RTP, ICE, DTLS, RTP + ":audio", RTP + ":video", RECEIPTS,
            "urn:xmpp:jingle:apps:rtp:audio", "urn:xmpp:jingle:apps:rtp:video"]
HERE = os.path.dirname(os.path.abspath(__file__))


def tree(element):
    """An element as plain data."""
    ns, _, name = element.tag.rpartition("}")
    return {"name": name, "ns": ns[1:], "attrs": dict(element.attrib), "text": element.text or "",
            "children": [tree(child) for child in element]}


def say(**event):
    print(json.dumps(event), flush=True)


class Call:
    """One session, from propose to terminate."""

    def __init__(self, sid, peer, media, ours):
        self.sid, self.peer, self.media, self.ours = sid, peer, media, ours
        self.state = "proposed"


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        self.calls = {}
        for plugin in ("xep_0030", "xep_0115", "xep_0199", "xep_0280"):
            self.register_plugin(plugin)
        self["feature_mechanisms"].unencrypted_scram = True
        self.add_filter("in", lambda stanza: self.trace("in", stanza))
        self.add_filter("out", lambda stanza: self.trace("out", stanza))
        self.add_event_handler("session_start", self.online)
        self.add_event_handler("carbon_sent", self.on_copy)
        self.add_event_handler("failed_auth", lambda _: say(event="fault", text="wrong password"))
        for kind in ("propose", "ringing", "proceed", "reject", "retract", "finish"):
            self.register_handler(Callback(kind, MatchXPath("{jabber:client}message/{%s}%s" % (JMI, kind)),
                                           getattr(self, "on_" + kind)))
        self.register_handler(Callback("jingle", MatchXPath("{jabber:client}iq/{%s}jingle" % JINGLE), self.on_jingle))

    def trace(self, direction, stanza):
        if isinstance(stanza, (Message, Iq, Presence)):
            say(event=direction, stanza=tree(stanza.xml))
        return stanza

    async def online(self, _):
        for feature in FEATURES:
            await self["xep_0030"].add_feature(feature)
        await self["xep_0115"].update_caps()
        await self.get_roster()
        await self["xep_0280"].enable()
        self.send_presence()
        say(event="online", jid=self.boundjid.full)

    # ---- what is written

    def build(self, xml):
        element = ET.fromstring(xml)
        kind = {"message": Message, "iq": Iq, "presence": Presence}
        return kind[element.tag.rpartition("}")[2]](self, xml=element)

    def send_message_with(self, to, payload, id=None):
        """Everything of XEP-0353 is a chat message that servers must store (XEP-0353 §3)."""
        self.send(self.build("<message xmlns='jabber:client' type='chat' id='%s' from='%s' to='%s'>%s</message>" % (
            id or uuid.uuid4(), self.boundjid.full, to, payload + "<store xmlns='%s'/>" % HINTS)))

    def send_jingle(self, call, jingle):
        iq = self.build("<iq xmlns='jabber:client' type='set' id='%s' from='%s' to='%s'/>" % (
            uuid.uuid4(), self.boundjid.full, call.peer))
        iq.xml.append(jingle)
        self.send(iq)

    def description(self, call, file):
        """A canned session-initiate or session-accept, as Conversations wrote it."""
        jingle = ET.parse(os.path.join(HERE, "testdata", file)).getroot()
        jingle.set("sid", call.sid)
        self.send_jingle(call, jingle)
        transport = jingle.find(".//{%s}transport" % ICE)
        for port in (40001, 40002):
            self.send_candidate(call, transport, port)

    def send_candidate(self, call, transport, port):
        """One candidate per stanza, with the credentials, as Conversations trickles."""
        self.send_jingle(call, ET.fromstring(
            "<jingle xmlns='%s' action='transport-info' sid='%s'><content creator='initiator' name='0'>"
            "<transport xmlns='%s' ufrag='%s' pwd='%s'><candidate component='1' foundation='%d' generation='0' id='%s'"
            " ip='192.0.2.9' port='%d' priority='2122260223' protocol='udp' type='host'/></transport></content></jingle>" % (
                JINGLE, call.sid, ICE, transport.get("ufrag"), transport.get("pwd"), port, uuid.uuid4(), port)))

    def answer(self, iq, error=None, app=None):
        """Every IQ gets exactly one answer."""
        reply = "<iq xmlns='jabber:client' type='%s' id='%s' to='%s'>%s</iq>" % (
            "error" if error else "result", iq["id"], iq["from"],
            "<error type='cancel'><%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><%s xmlns='urn:xmpp:jingle:errors:1'/></error>"
            % (error, app) if error else "")
        self.send(self.build(reply))

    # ---- what arrives as XEP-0353

    def jmi(self, message, kind):
        """The payload and the call it is about; None when Conversations would not look at it."""
        if message["type"] == "error":
            return None, None
        payload = message.xml.find("{%s}%s" % (JMI, kind))
        if message["type"] != "chat":
            say(event="fault", text="%s of type %s" % (kind, message["type"]))
        return payload, self.calls.get(payload.get("id"))

    def directly(self, message, kind):
        """Conversations honours these only when addressed to its own full JID."""
        if message["to"].full == self.boundjid.full:
            return True
        say(event="fault", text="%s to %s" % (kind, message["to"].full))
        return False

    def on_propose(self, message):
        payload, known = self.jmi(message, "propose")
        if payload is None or known:
            return
        media = [d.get("media") for d in payload.findall("{%s}description" % RTP)]
        sid = payload.get("id")
        self.calls[sid] = Call(sid, message["from"].full, media, ours=False)
        if message.xml.find("{%s}request" % RECEIPTS) is not None:
            self.send(self.build("<message xmlns='jabber:client' type='chat' to='%s'><received xmlns='%s' id='%s'/></message>" % (
                message["from"].full, RECEIPTS, message["id"])))
        self.send_message_with(message["from"].full, "<ringing xmlns='%s' id='%s'/>" % (JMI, sid))

    def on_ringing(self, message):
        payload, call = self.jmi(message, "ringing")
        if payload is not None and call and self.directly(message, "ringing") and call.state == "proposed":
            call.state = "ringing"

    def on_proceed(self, message):
        payload, call = self.jmi(message, "proceed")
        if payload is None or not self.directly(message, "proceed"):
            return
        if not call or not call.ours or call.state not in ("proposed", "ringing"):
            self.send(self.build("<message xmlns='jabber:client' type='error' id='%s' to='%s'><error type='cancel'>"
                                  "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>" % (
                                      message["id"], message["from"].full)))
            return
        call.peer, call.state = message["from"].full, "initiated"
        self.description(call, "offer.xml")

    def on_reject(self, message):
        payload, call = self.jmi(message, "reject")
        if payload is not None and call and self.directly(message, "reject"):
            self.end(call)

    def on_retract(self, message):
        payload, call = self.jmi(message, "retract")
        if payload is None or not call:
            return
        if message["from"].full != call.peer:
            say(event="fault", text="retract from %s, proposed by %s" % (message["from"].full, call.peer))
            return
        self.end(call)

    def on_copy(self, copy):
        """A call stops ringing when the account's server says that another of its devices has answered it."""
        message = copy["carbon_sent"]
        for kind in ("proceed", "reject"):
            payload = message.xml.find("{%s}%s" % (JMI, kind))
            call = payload is not None and self.calls.get(payload.get("id"))
            if call and not call.ours and call.state == "proposed" and message["to"].bare == slixmpp.JID(call.peer).bare:
                self.end(call)
                say(event="elsewhere", sid=call.sid)

    def on_finish(self, message):
        self.jmi(message, "finish")

    # ---- what arrives as Jingle

    def on_jingle(self, iq):
        if iq["type"] not in ("set", "get"):
            return
        jingle = iq.xml.find("{%s}jingle" % JINGLE)
        call, action = self.calls.get(jingle.get("sid")), jingle.get("action")
        if not call or call.peer != iq["from"].full:
            return self.answer(iq, "item-not-found", "unknown-session")
        if action == "session-initiate":
            return self.on_initiate(iq, jingle, call)
        if action == "session-accept":
            self.check(jingle, call, ("active", "passive"))
        self.answer(iq)
        if action == "session-accept":
            call.state = "active"
        if action == "session-terminate":
            if jingle.find("{%s}reason" % JINGLE) is None:
                say(event="fault", text="session-terminate without a reason")
            self.end(call)

    def on_initiate(self, iq, jingle, call):
        if call.ours or call.state != "proceeded":
            return self.answer(iq, "unexpected-request", "out-of-order")
        self.check(jingle, call, ("actpass",))
        self.answer(iq)
        call.state = "active"
        self.description(call, "accept.xml")

    def check(self, jingle, call, setups):
        """What Conversations wants of a description, else it ends the call."""
        contents = jingle.findall("{%s}content" % JINGLE)
        media = [c.find("{%s}description" % RTP).get("media") for c in contents]
        if media != call.media:
            say(event="fault", text="media %s, proposed %s" % (media, call.media))
        for content in contents:
            transport = content.find("{%s}transport" % ICE)
            fingerprint = transport.find("{%s}fingerprint" % DTLS) if transport is not None else None
            if fingerprint is None or fingerprint.get("setup") not in setups:
                say(event="fault", text="%s: no fingerprint with setup %s" % (content.get("name"), setups))
            elif not transport.get("ufrag") or not transport.get("pwd"):
                say(event="fault", text="%s: no ufrag and pwd" % content.get("name"))
            for parameter in content.iter("{%s}parameter" % RTP):
                if not parameter.get("value"):
                    say(event="fault", text="parameter %r without a value" % parameter.get("name"))

    def end(self, call):
        call.state = "ended"

    # ---- what the person does

    def do(self, command):
        sid = command.get("sid")
        call = self.calls.get(sid)
        verb = command["do"]
        if verb == "subscribe":
            self.send_presence(pto=command["to"], ptype="subscribe")
        elif verb == "propose":
            self.propose(command)
        elif verb == "retract":
            self.send_message_with(slixmpp.JID(call.peer).bare, "<retract xmlns='%s' id='%s'/>" % (JMI, sid))
            self.end(call)
        elif verb == "proceed":
            call.state = "proceeded"
            self.send_message_with(call.peer, "<proceed xmlns='%s' id='%s'/>" % (JMI, sid), "jm-proceed-" + sid)
        elif verb == "reject":
            self.send_message_with(call.peer, "<reject xmlns='%s' id='%s'/>" % (JMI, sid))
            self.end(call)
        elif verb == "busy":
            self.send_message_with(call.peer, "<reject xmlns='%s' id='%s'><reason xmlns='%s'><busy/></reason></reject>" % (
                JMI, sid, JINGLE))
            self.end(call)
        elif verb == "terminate":
            self.terminate(call, command["reason"])
        else:
            say(event="fault", text="unknown command %r" % verb)

    def propose(self, command):
        sid, to, media = command["sid"], command["to"], command["media"]
        self.calls[sid] = Call(sid, to, media, ours=True)
        descriptions = "".join("<description xmlns='%s' media='%s'/>" % (RTP, m) for m in media)
        self.send_message_with(to, "<propose xmlns='%s' id='%s'>%s</propose><request xmlns='%s'/>" % (
            JMI, sid, descriptions, RECEIPTS), "jm-propose-" + sid)

    def terminate(self, call, reason):
        why = "<reason xmlns='%s'><%s/></reason>" % (JINGLE, reason)
        self.send_jingle(call, ET.fromstring(
            "<jingle xmlns='%s' action='session-terminate' sid='%s'>%s</jingle>" % (JINGLE, call.sid, why)))
        self.send_message_with(call.peer, "<finish xmlns='%s' id='%s'>%s</finish>" % (JMI, call.sid, why))
        self.end(call)


async def commands(client):
    """Reads commands until standard input ends, then leaves."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        try:
            client.do(json.loads(line))
        except Exception as err:  # the test must see it, and the client must go on
            say(event="fault", text="%s: %r" % (line.decode().strip(), err))
    client.disconnect()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("jid")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    client = Client(options.jid, os.environ["JMI_PASSWORD"])
    client.connect(("127.0.0.1", options.port), disable_starttls=True, force_starttls=False)
    task = client.loop.create_task(commands(client))
    client.loop.run_until_complete(client.disconnected)
    task.cancel()


main()
