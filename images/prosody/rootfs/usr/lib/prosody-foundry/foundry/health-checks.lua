-- What has to be right for the server to be well: each check gets a function that takes a sentence for what is not.

local lfs = require("lfs")
local load_library = require("foundry.core")
local config = load_library("core.configmanager")
local portmanager = load_library("core.portmanager")
local storagemanager = load_library("core.storagemanager")
local loaded = require("foundry.modules-loaded")

local sentences = {
  component = "mod_%s did not load on %s.",
  accounts = "mod_%s did not load on %s: nobody can log in.",
  part = "mod_%s did not load on %s.",
}

local function modules(problem)
  for _, host in ipairs(loaded.hosts()) do
    if not prosody.hosts[host] then problem(("%s is configured and not served."):format(host)) end
  end
  loaded.find_missing(function(name, host, role) problem(sentences[role]:format(name, host)) end)
end

local function list_of(value)
  return type(value) == "table" and value or { value }
end

-- Where a service is to listen, by Prosody's own rules.
local function configured(name, service)
  local prefix = (service.config_prefix or name) .. "_"
  if prefix == "_" then prefix = "" end
  local function option(suffix) return config.get("*", prefix .. suffix) end
  local default = { "*" }
  if config.get("*", "use_ipv6") ~= false then default[2] = "::" end
  if service.private then default = { "127.0.0.1", default[2] and "::1" } end
  local interfaces = option("interfaces") or option("interface")
    or service.private and (config.get("*", "local_interfaces") or default)
    or config.get("*", "interfaces") or config.get("*", "interface") or default
  return list_of(interfaces), list_of(option("ports") or service.default_ports or service.default_port)
end

-- Numbers of all sockets that the kernel says are listening here.
local function listening()
  local inodes = {}
  for _, name in ipairs({ "tcp", "tcp6" }) do
    local file = io.open("/proc/self/net/" .. name)
    for line in file and file:lines() or function() end do
      local inode = line:match("^%s*%d+: %S+ %S+ 0A %S+ %S+ %S+%s+%d+%s+%d+ (%d+)")
      if inode then inodes[inode] = true end
    end
    if file then file:close() end
  end
  return inodes
end

-- `entries` is what Prosody keeps of a port: a list of one.
local function is_open(entries, inodes)
  local connection = entries and entries[1] and entries[1].server
  if not connection then return false end
  local descriptor = connection.getfd and connection:getfd() or -1
  local target = lfs.symlinkattributes(("/proc/self/fd/%d"):format(descriptor), "target")
  local inode = (target or ""):match("^socket:%[(%d+)%]$")
  return inode ~= nil and inodes[inode] == true
end

local function ports(problem)
  local inodes = listening()
  local active = portmanager.get_active_services()
  for name, list in pairs(portmanager.get_registered_services()) do
    local interfaces, numbers = configured(name, list[1] or {})
    for _, interface in ipairs(list[1] and interfaces or {}) do
      for _, number in ipairs(numbers) do
        if not is_open(active:get(name, interface, tonumber(number)), inodes) then
          problem(("Nothing listens on port %s of %s, for %s."):format(number, interface, name))
        end
      end
    end
  end
end

local function drivers(host)
  local names = { [config.get(host, "default_storage") or "internal"] = true }
  local storage = config.get(host, "storage")
  for _, name in pairs(type(storage) == "table" and storage or { storage }) do names[name] = true end
  names.none, names.null = nil, nil
  -- Of whoever has no account no file is kept.
  if loaded.way_to_authenticate(host) == "anonymous" then names.internal = nil end
  return names
end

-- Larger than what a full disk may still have room for in a block that is in use.
local filling = ("."):rep(8192)

local function try_driver(host, name)
  local driver = storagemanager.load_driver(host, name)
  if not driver then return "it could not be opened" end
  local store, failure = driver:open("foundry_health", "keyval")
  if not store then return failure or "it has no store" end
  local now = os.time()
  local ok, reason = store:set(nil, { time = now, filling = filling })
  if not ok then return reason or "it takes nothing" end
  local data, unread = store:get(nil)
  if not data or data.time ~= now then return unread or "it gives back something else than it took" end
end

-- Each statement of SQLite's that failed, as on a full disk, fails once more with the same error when all is well again.
local function try_often(host, name)
  local ran, reason
  for _ = 1, 3 do
    ran, reason = pcall(try_driver, host, name)
    if ran and not reason then break end
  end
  return ran, reason
end

local function first_line(text)
  return (tostring(text):match("^[^\n]*") or ""):gsub("%.$", "")
end

local function storage(problem)
  for _, host in ipairs(loaded.hosts()) do
    local is_domain = prosody.hosts[host] and not config.get(host, "component_module")
    for name in pairs(is_domain and drivers(host) or {}) do
      local ran, reason = try_often(host, name)
      if not ran or reason then
        problem(("The storage %s of %s does not work: %s."):format(name, host, first_line(reason)))
      end
    end
  end
end

return { modules = modules, ports = ports, storage = storage }
