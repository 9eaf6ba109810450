-- Makes the account that the environment names, once: one that exists keeps its password, and one that somebody deleted
-- does not come back. What was made is noted in the storage of its domain.

module:set_global()

local load_library = require("foundry.core")
local usermanager = load_library("core.usermanager")
local storagemanager = load_library("core.storagemanager")
local jid = load_library("util.jid")

-- Known for as long as it takes to make the account.
local function read_password()
  return require("foundry.environment").read(os.getenv).PROSODY_ACCOUNT_PASSWORD
end

-- 13.0 has roles; by itself it would give an account made this way fewer rights than one made by `prosodyctl adduser`.
local function create(node, host, password)
  if usermanager.create_user_with_role then
    return usermanager.create_user_with_role(node, password, host, "prosody:member")
  end
  return usermanager.create_user(node, password, host)
end

local function make(node, host)
  local store = storagemanager.open(host, "foundry_account", "keyval")
  local made, failure = store:get(nil)
  if failure then return module:log("error", "Cannot tell whether %s@%s was made before: %s", node, host, failure) end
  made = made or {}
  local exists = usermanager.user_exists(node, host)
  if made[node] then
    if not exists then module:log("info", "%s@%s was made once and is gone: it is not made again", node, host) end
    return
  end
  if not exists then
    local ok, reason = create(node, host, read_password())
    if not ok then return module:log("error", "%s@%s cannot be made: %s", node, host, reason) end
    module:log("info", "%s@%s was made, with the password of the environment", node, host)
  end
  made[node] = os.time()
  store:set(nil, made)
end

module:hook("server-started", function()
  local address = module:get_option_string("foundry_account")
  if not address then return end
  local node, host = jid.prepped_split(address)
  if not node or not prosody.hosts[host] then
    return module:log("error", "%s cannot be made: it is no address of this server", address)
  end
  make(node, host)
end)
