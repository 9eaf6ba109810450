-- What happens while the database, or the LDAP server, cannot be reached: nobody is told that a password was wrong, one
-- try a second goes to the other side however many clients wait, and the log says when it began and when it was over.

module:set_global()

local load_library = require("foundry.core")
local now = load_library("util.time").now
local close_statements = require("foundry.close-statements")

local pause = 1 -- seconds between two tries
local share = 2 -- times as long as a try took, where that is more: a name that does not resolve may take ten seconds
local failures = 0 -- of whatever knows the accounts, since the start

-- Prosody tries twice for every access, each time for as long as a connection may take; all clients wait meanwhile.
local function watch_sql()
  local found, sql = pcall(load_library, "util.sql")
  if not found then return end
  local engine = getmetatable(sql.create_engine(nil, { driver = "SQLite3", database = "" })).__index
  local connect, transaction = engine.connect, engine.transaction

  function engine:connect()
    if self.conn then return true end
    -- Whoever found the connection lost still has it in hand.
    close_statements(self)
    local begin = now()
    if self.again_at and begin < self.again_at then return nil, self.failure end
    local ok, reason = connect(self)
    if ok then
      if self.again_at then module:log("info", "The database answers again") end
      self.again_at = nil
      return ok
    end
    -- One that was opened and then failed to be set up is of no use.
    close_statements(self)
    self.conn = nil
    if not self.again_at then
      module:log("error", "The database cannot be reached, and clients get errors until it can: %s", reason)
    end
    self.again_at = now() + math.max(pause, share * (now() - begin))
    self.failure = reason or "no connection to the database"
    return nil, self.failure
  end

  function engine:transaction(...)
    local ok, result, more, most = transaction(self, ...)
    if not ok then
      failures = failures + 1
      close_statements(self)
    end
    return ok, result, more, most
  end

  return function() engine.connect, engine.transaction = connect, transaction end
end

-- What the library says of a server that nobody gets an answer from.
local function is_gone(reason)
  return reason:find("contact LDAP") or reason:find("[Tt]imed out") or reason:find("onnect error") or reason:find("busy")
    or reason:find("unavailable")
end

-- A password that is wrong, or an account that is locked, is no failure, but for the one of whoever searches.
local function watch_ldap()
  local found, lualdap = pcall(require, "lualdap")
  if not found then return end
  local open_simple = lualdap.open_simple
  local searcher = module:get_option_string("ldap_rootdn", "")
  local failed_at, failure = -math.huge, nil

  -- mod_auth_ldap tries three times, and all clients wait.
  function lualdap.open_simple(server, who, ...)
    if now() - failed_at >= pause then
      local connection, reason = open_simple(server, who, ...)
      if connection then return connection end
      if who ~= searcher and not is_gone(tostring(reason)) then return nil, reason end
      failed_at, failure = now(), reason
      module:log("error", "LDAP: %s", reason)
    end
    failures = failures + 1
    return nil, failure
  end

  return function() lualdap.open_simple = open_simple end
end

-- A client that hears not-authorized asks its user for another password, or forgets the one it has.
local function watch_handler(handler)
  if not handler then return handler end
  local process, clone = handler.process, handler.clean_clone
  function handler:process(...)
    local before = failures
    local status, condition, text = process(self, ...)
    if status == "failure" and failures > before then
      return status, "temporary-auth-failure", "Passwords cannot be checked now; try again later."
    end
    return status, condition, text
  end
  if clone then
    function handler:clean_clone(...) return watch_handler(clone(self, ...)) end
  end
  return handler
end

local watched = setmetatable({}, { __mode = "k" })

local function watch_provider(event)
  local provider = event.item
  -- Prosody gives a provider what it lacks by its metatable.
  local get_sasl_handler = rawget(provider, "get_sasl_handler")
  if not get_sasl_handler or watched[provider] then return end
  watched[provider] = true
  function provider.get_sasl_handler(...) return watch_handler(get_sasl_handler(...)) end
end

function module.add_host(host_module)
  host_module:handle_items("auth-provider", watch_provider, function() end, true)
end

local undo = { watch_sql(), module:get_option_string("authentication") == "ldap" and watch_ldap() or nil }

function module.unload()
  for _, restore in pairs(undo) do restore() end
end
