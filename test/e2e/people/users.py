#!/usr/bin/python3
"""XMPP users on slixmpp, all of them in one process: they have contacts, write, and see who is there.

Driven by JSON lines: commands on standard input, events on standard output. What an app does by itself slixmpp does here:
contact list, capabilities, receipts, carbons, and a yes to whoever subscribes. "as" is which user, and device.

  {"do": "login", "as": AS, "jid": FULL, "password": ..., "approve": true}     {"do": "logout" | "vanish", "as": AS}
  {"do": "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed", "as": AS, "to": BARE}
  {"do": "remove", "as": AS, "to": BARE}           {"do": "presence", "as": AS, "show": ..., "status": ...}
  {"do": "write", "as": AS, "to": JID, "body": ..., "id": ...}                 {"do": "send", "as": AS, "xml": ...}

  {"event": "online" | "offline", "as": AS, "jid": FULL}   {"event": "in", "as": AS, "stanza": {name, ns, attrs, text, children}}
  {"event": "contact", "as": AS, "jid": BARE, "subscription": ..., "ask": bool, "devices": {resource: {show, status}}}
"""

import asyncio
import json
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.stanza import Iq, Message, Presence

HOST, PORT = "127.0.0.1", int(sys.argv[1])
SUBSCRIPTIONS = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")
PLUGINS = ("xep_0030", "xep_0115", "xep_0172", "xep_0184", "xep_0191", "xep_0199", "xep_0280")


def tree(element):
    """An element as plain data."""
    ns, _, name = element.tag.rpartition("}")
    return {"name": name, "ns": ns[1:], "attrs": dict(element.attrib), "text": element.text or "",
            "children": [tree(child) for child in element]}


def say(**event):
    print(json.dumps(event), flush=True)


class User(slixmpp.ClientXMPP):
    def __init__(self, name, jid, password, approve):
        super().__init__(jid, password)
        self.name, self.told = name, {}
        self.auto_authorize, self.auto_subscribe = approve, False
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        self["feature_mechanisms"].unencrypted_scram = True
        self.add_filter("in", self.trace)
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("failed_auth", lambda _: say(event="fault", text="%s: wrong password" % name))
        self.add_event_handler("disconnected", lambda _: say(event="offline", **{"as": name}, jid=self.boundjid.full))
        self.add_event_handler("roster_update", lambda iq: self.show(iq["roster"]["items"]))
        for change in ("changed_subscription", "changed_status", "got_offline"):
            self.add_event_handler(change, lambda presence: self.show([presence["from"].bare]))

    def trace(self, stanza):
        if isinstance(stanza, (Message, Iq, Presence)):
            say(event="in", **{"as": self.name}, stanza=tree(stanza.xml))
        return stanza

    async def start(self, _):
        await self["xep_0115"].update_caps()
        await self.get_roster()
        self.show(list(self.client_roster))
        await self["xep_0280"].enable()
        self.send_presence()
        say(event="online", **{"as": self.name}, jid=self.boundjid.full)

    def show(self, jids):
        """Tells what an app would show of these contacts, where that has changed."""
        for jid in jids:
            item = self.client_roster[jid]
            now = {"subscription": item["subscription"], "ask": item["pending_out"],
                   "devices": {r: {"show": d["show"], "status": d["status"]} for r, d in item.resources.items()}}
            if self.told.get(str(jid)) != now:
                self.told[str(jid)] = now
                say(event="contact", **{"as": self.name}, jid=str(jid), **now)

    def build(self, xml):
        element = ET.fromstring(xml)
        kind = {"message": Message, "iq": Iq, "presence": Presence}
        return kind[element.tag.rpartition("}")[2]](self, xml=element)

    def do(self, verb, command):
        to = command.get("to")
        if verb in SUBSCRIPTIONS:
            self.send_presence(pto=to, ptype=verb)
        elif verb == "remove":
            self.del_roster_item(to)
        elif verb == "presence":
            self.send_presence(pshow=command.get("show"), pstatus=command.get("status"))
        elif verb == "write":
            message = self.make_message(mto=to, mbody=command["body"], mtype="chat")
            message["id"] = command["id"]
            message["request_receipt"] = True
            message.send()
        elif verb == "send":
            self.send(self.build(command["xml"]))
        elif verb == "logout":
            self.disconnect()
        elif verb == "vanish":
            self.abort()
        else:
            raise ValueError("unknown command %r" % verb)


class Users:
    def __init__(self):
        self.users = {}

    def do(self, command):
        verb, name = command["do"], command["as"]
        if verb != "login":
            return self.users[name].do(verb, command)
        user = self.users[name] = User(name, command["jid"], command["password"], command.get("approve", True))
        user.connect((HOST, PORT), disable_starttls=True, force_starttls=False)

    async def run(self):
        """Reads commands until standard input ends, then lets everybody leave."""
        reader = asyncio.StreamReader(limit=1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            try:
                self.do(json.loads(line))
            except Exception as err:  # the test must see it, and the others must go on
                say(event="fault", text="%s: %r" % (line.decode().strip()[:300], err))
        for user in self.users.values():
            user.abort()


asyncio.get_event_loop().run_until_complete(Users().run())
