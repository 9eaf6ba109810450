-- Nobody guesses passwords quickly, and no account has sessions without number.
--
-- What is counted is who fails where: an account from one address, and that address with whatever accounts. So a stranger can
-- lock nobody out, and whoever has a wrong password saved somewhere does not lock out the others behind the same router.

local load = require("foundry.core")
local addresses = require("foundry.addresses")

local base64 = load("util.encodings").base64
local nodeprep = load("util.encodings").stringprep.nodeprep
local st = load("util.stanza")
local cache = load("util.cache")
local now = load("util.time").monotonic

local most = module:get_option_number("foundry_login_failures", 10)
local period = module:get_option_number("foundry_login_failures_period", 600)
local most_of_address = 10 * most
local most_sessions = module:get_option_number("foundry_sessions_per_account", 20)
local patience = module:get_option_number("foundry_patience", 60)
local is_proxy = addresses.proxies_of(module)

local xmlns_sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
local xmlns_sasl2 = "urn:xmpp:sasl:2"

-- Of all domains. Who fills it with addresses forgets their own failures at the same time, and has as many addresses.
local shared = module:shared("/*/foundry_logins/failures")
shared.kept = shared.kept or cache.new(20000)
local failures = shared.kept

-- Whom a mechanism's first message says to be.
local patterns = {
  PLAIN = "^[^\0]*\0([^\0]+)\0",
  SCRAM = "^[pny][^,]*,[^,]*,n=([^,]*)",
  HT = "^([^\0]+)\0",
  OAUTHBEARER = "^n,a=([^,@]*)",
}

local function account_in(mechanism, text)
  local pattern = patterns[mechanism] or patterns[(mechanism or ""):match("^%u+") or ""]
  local name = pattern and (base64.decode(text or "") or ""):match(pattern)
  return name and nodeprep((name:gsub("=2C", ","):gsub("=3D", "=")))
end

local function count_of(key)
  local entry = key and failures:get(key)
  if not entry then return 0 end
  if now() - entry.since < period then return entry.count end
  failures:set(key, nil)
  return 0
end

local function add(key)
  local count = count_of(key)
  local since = count > 0 and failures:get(key).since or now()
  failures:set(key, { count = count + 1, since = since })
  return count + 1
end

local function keys_of(session, account)
  local address = addresses.group_of(session.ip)
  local pair = account and ("%s %s@%s"):format(address, account, module.host)
  -- A proxy that does not say whom it speaks for speaks for everybody.
  return pair, not is_proxy(session.ip) and address or nil
end

local function is_refused(session)
  local pair, address = keys_of(session, session.foundry_account)
  return count_of(pair) >= most or count_of(address) >= most_of_address
end

local function refuse(session, xmlns)
  session.log("debug", "No login of %s is looked at for now", session.ip)
  if session.sasl_handler and session.sasl_handler.selected then session.sasl_handler = session.sasl_handler:clean_clone() end
  session.send(st.stanza("failure", { xmlns = xmlns })
    :tag("temporary-auth-failure", { xmlns = xmlns_sasl }):up()
    :tag("text", { xmlns = xmlns }):text("Too many wrong passwords, try again later"))
  return true
end

local function on_first(xmlns, text_of)
  return function(event)
    local session, stanza = event.origin, event.stanza
    if session.type ~= "c2s_unauthed" then return nil end
    session.foundry_mechanism = stanza.attr.mechanism
    session.foundry_account = account_in(stanza.attr.mechanism, text_of(stanza))
    if is_refused(session) then return refuse(session, xmlns) end
  end
end

-- Asked again, since a thousand may have been let in to fail at the same time; and the account may be told here first.
local function on_next(xmlns)
  return function(event)
    local session = event.origin
    if session.type ~= "c2s_unauthed" then return nil end
    session.foundry_account = session.foundry_account or account_in(session.foundry_mechanism, event.stanza:get_text())
    if is_refused(session) then return refuse(session, xmlns) end
  end
end

local function text_of_sasl2(stanza) return stanza:get_child_text("initial-response") end
local function text_of_sasl(stanza) return stanza:get_text() end

module:hook("stanza/" .. xmlns_sasl .. ":auth", on_first(xmlns_sasl, text_of_sasl), 1000)
module:hook("stanza/" .. xmlns_sasl .. ":response", on_next(xmlns_sasl), 1000)
module:hook("stanza/" .. xmlns_sasl2 .. ":authenticate", on_first(xmlns_sasl2, text_of_sasl2), 1000)
module:hook("stanza/" .. xmlns_sasl2 .. ":response", on_next(xmlns_sasl2), 1000)

local guesses = { ["not-authorized"] = true, ["account-disabled"] = true, ["credentials-expired"] = true }

module:hook("authentication-failure", function(event)
  local session = event.session
  if not session.ip or not guesses[event.condition or event.message] then return end
  local handler = session.sasl_handler
  local pair, address = keys_of(session, session.foundry_account or handler and handler.username)
  local text = "Too many wrong passwords from %s%s: logins are refused for %d seconds (PROSODY_LOGIN_FAILURES)"
  if pair and add(pair) == most then module:log("warn", text, session.ip, " for an account", period) end
  if address and add(address) == most_of_address then module:log("warn", text, session.ip, "", period) end
end)

-- Who stays nobody in particular is no session that could be counted.
module:hook("authentication-success", function(event)
  local session = event.session
  if not session.ip then return end
  local pair = keys_of(session, session.username)
  if pair then failures:set(pair, nil) end
  module:add_timer(patience, function()
    if session.type == "c2s_unbound" then session:close("connection-timeout") end
  end)
end)

module:hook("pre-resource-bind", function(event)
  local user = prosody.hosts[module.host].sessions[event.session.username]
  -- One of the same name is replaced.
  if not user or event.resource and user.sessions[event.resource] then return nil end
  local number = 0
  for _ in pairs(user.sessions) do number = number + 1 end
  if number < most_sessions then return nil end
  event.session.log("info", "The account has %d sessions, and gets no more (PROSODY_SESSIONS_PER_ACCOUNT)", number)
  event.error = { type = "wait", condition = "resource-constraint", text = "This account has too many sessions" }
  return false
end, 100)
