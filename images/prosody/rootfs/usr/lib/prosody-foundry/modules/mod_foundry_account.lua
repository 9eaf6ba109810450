-- Makes the account that the environment names, once: one that exists keeps its password, and one that somebody deleted
-- does not come back. What was made is noted in the storage of its domain.

module:set_global()

local load_library = require("foundry.core")
local usermanager = load_library("core.usermanager")
local storagemanager = load_library("core.storagemanager")
local jid = load_library("util.jid")

-- 13.0 has roles; by itself it would give an account made this way fewer rights than one made by `prosodyctl adduser`.
local function create(node, host, password)
  if usermanager.create_user_with_role then
    return usermanager.create_user_with_role(node, password, host, "prosody:member")
  end
  return usermanager.create_user(node, password, host)
end

local function make(node, host, password)
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
    local ok, reason = create(node, host, password)
    if not ok then return module:log("error", "%s@%s cannot be made: %s", node, host, reason) end
    module:log("info", "%s@%s was made, with the password of the environment", node, host)
  end
  made[node] = os.time()
  store:set(nil, made)
end

module:hook("server-started", function()
  local account = module:get_option("foundry_account")
  if not account then return end
  local node, host = jid.prepped_split(account.address)
  if not node or not prosody.hosts[host] then
    return module:log("error", "%s cannot be made: it is no address of this server", account.address)
  end
  make(node, host, account.password)
end)
