-- Asks PostgreSQL itself why it lets nobody in: the library for Lua says of every failure that there is no connection.
-- Nothing is asked beyond the login.

local patience = 5 -- seconds

local function send(connection, kind, payload)
  return connection:send(kind .. string.pack(">I4", #payload + 4) .. payload)
end

-- The kind of the next message and what it holds, or nil and a reason.
local function receive(connection)
  local head, reason = connection:receive(5)
  if not head then return nil, reason end
  local kind, length = string.unpack(">c1I4", head)
  if length < 4 or length > 65536 then return nil, "that is no PostgreSQL" end
  local payload, failure = "", nil
  if length > 4 then payload, failure = connection:receive(length - 4) end
  if not payload then return nil, failure end
  return kind, payload
end

-- The fields of an error, each a letter and a text, are told as their message.
local function message_of(payload)
  for field, text in payload:gmatch("(%a)(%Z*)%z") do
    if field == "M" then return text end
  end
  return "an error without a message"
end

local function xor(a, b)
  return (a:gsub("().", function(i) return string.char(a:byte(i) ~ b:byte(i)) end))
end

-- RFC 5802 and 7677, as a client that binds to no channel. The server's proof is of no interest here.
local function answer_challenge(nonce, challenge, password)
  local hashes, encodings = require("util.hashes"), require("util.encodings")
  local base64 = encodings.base64
  local server_nonce, salt, rounds = challenge:match("^r=([^,]+),s=([^,]+),i=(%d+)")
  if not server_nonce then return nil end
  local prepared = encodings.stringprep.saslprep(password) or password
  local pbkdf2 = hashes.pbkdf2_hmac_sha256 or hashes.scram_Hi_sha256
  local salted = pbkdf2(prepared, base64.decode(salt), tonumber(rounds))
  local client_key = hashes.hmac_sha256(salted, "Client Key")
  local final = "c=biws,r=" .. server_nonce
  local signature = hashes.hmac_sha256(hashes.sha256(client_key), ("n=,r=%s,%s,%s"):format(nonce, challenge, final))
  return final .. ",p=" .. base64.encode(xor(client_key, signature))
end

local function new_nonce()
  local file = assert(io.open("/dev/urandom", "rb"))
  local bytes = file:read(18)
  file:close()
  return require("util.encodings").base64.encode(bytes)
end

-- Answers to what an authentication request wants, by its number.
local answers = {
  [3] = function(state) return state.password .. "\0" end,
  [5] = function(state, salt)
    local md5 = require("util.hashes").md5
    return "md5" .. md5(md5(state.password .. state.username, true) .. salt, true) .. "\0"
  end,
  [10] = function(state)
    state.nonce = new_nonce()
    local first = "n,,n=,r=" .. state.nonce
    return string.pack(">zs4", "SCRAM-SHA-256", first)
  end,
  [11] = function(state, challenge) return answer_challenge(state.nonce, challenge, state.password) end,
}

-- true once the login is done; or nil and a reason.
local function log_in(connection, state)
  connection:send(string.pack(">I4", #state.startup + 4) .. state.startup)
  while true do
    local kind, payload = receive(connection)
    if not kind then return nil, payload end
    if kind == "E" then return nil, message_of(payload) end
    if kind == "Z" then return true end
    local number = kind == "R" and string.unpack(">I4", payload)
    local answer = answers[number]
    if answer then
      if state.password == "" then return nil, "no password supplied" end
      local text = answer(state, payload:sub(5))
      if not text then return nil, "that is no PostgreSQL" end
      send(connection, "p", text)
    end
  end
end

-- Whether the certificate is for that name, or address.
local function is_for(certificate, host)
  certificate:setencode("utf8")
  local alternatives = (certificate:extensions() or {})["2.5.29.17"] or {}
  for _, address in ipairs(alternatives.iPAddress or {}) do
    if address == host then return true end
  end
  local described = require("foundry.pem").read(certificate:pem()).certificates[1]
  return described and require("foundry.certificates").covers(described, host)
end

-- libpq looks at the authority wherever it is told one.
local function verifies(tls) return tls.mode:find("^verify") or tls.mode == "require" and tls.ca end

-- Answers a connection that is what the user asked for, so that whatever is said on it goes to nobody else; or nil and a
-- reason.
local function encrypt(connection, tls, host)
  if tls.mode == "disable" then return connection end
  connection:send(string.pack(">I4I4", 8, 80877103))
  local offer, reason = connection:receive(1)
  if not offer then return nil, reason end
  if offer == "N" then
    if tls.mode == "prefer" then return connection end
    return nil, "server does not support SSL"
  end
  -- One that is too busy answers with an error of its own.
  if offer ~= "S" then return nil, offer == "E" and "the server refuses connections" or "that is no PostgreSQL" end
  local verify = verifies(tls) and "peer" or "none"
  local wrapped, failure = require("ssl").wrap(connection, { mode = "client", protocol = "any", verify = verify, cafile = tls.ca })
  if not wrapped then return nil, failure end
  wrapped:settimeout(patience)
  local done, problem = wrapped:dohandshake()
  if done and tls.mode == "verify-full" and not is_for(wrapped:getpeercertificate(), host) then
    return nil, "does not match host name"
  end
  if done then return wrapped end
  local is_refused = verify ~= "none" and tostring(problem):find("certificate")
  return nil, (is_refused and "certificate not trusted: " or "") .. tostring(problem)
end

-- true, or nil and a reason. `tls` has a mode of libpq's and, where it verifies, the path of the authority.
local function ask(sql, name, tls)
  local connection = require("socket").tcp()
  connection:settimeout(patience)
  local connected, reason = connection:connect(sql.at, sql.port)
  if not connected then return nil, reason end
  local secured, problem = encrypt(connection, tls, sql.at)
  if not secured then
    connection:close()
    return nil, problem
  end
  local state = {
    username = sql.username, password = sql.password or "",
    startup = string.pack(">I4zzzzz", 196608, "user", sql.username, "database", name, ""),
  }
  local ok, failure = log_in(secured, state)
  secured:close()
  return ok, failure
end

return { ask = ask }
