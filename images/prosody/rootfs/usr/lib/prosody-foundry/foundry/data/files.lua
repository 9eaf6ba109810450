-- What lies in the data folder beside the stores: uploaded files, keys that were made, marks of modules.

local lfs = require("lfs")
local entries = require("foundry.data.entries")
local internal = require("foundry.data.internal")
local kept_certificates = require("foundry.kept-certificates")

local function extension_of(name) return name:match("%.(%w+)$") end

-- Files of internal storage, as they are called in the folder of a host or of one of its stores.
local function is_store_file(name)
  return name:find("^[%w_%%]+%.%l+$") ~= nil and (internal.extensions[extension_of(name)] or extension_of(name) == "lidx")
end

local function is_host_name(name) return name:find("^[%w_%%]+$") ~= nil end

-- Of this process, of a running server, or half written.
local function is_passing(path)
  local name = path:match("[^/]*$")
  return name:find("~$") or name == ".probe" or path:find("^%.foundry%-") or path == ".prosody-series"
    or name:find("%.pid$") or name:find("%.sock$") or name:find("%.sqlite%-%l+$")
end

local function is_database(path)
  local file = io.open(path, "rb")
  local start = file and file:read(15)
  if file then file:close() end
  return start == "SQLite format 3"
end

local function is_included(folder, path)
  -- A backup that was written here is none of what the next one is of.
  if is_passing(path) or kept_certificates.is_one(path) or path:find("^[^/]+%.tar$") then return false end
  local host, rest = path:match("^([^/]+)/(.+)$")
  if host and is_host_name(host) and is_store_file(rest:match("[^/]*$")) and select(2, rest:gsub("/", "")) < 2 then return false end
  return not is_database(folder .. "/" .. path)
end

local function visit(folder, path, each)
  for _, name in ipairs(entries(path == "" and folder or folder .. "/" .. path)) do
    local inside = path == "" and name or path .. "/" .. name
    local mode = lfs.symlinkattributes(folder .. "/" .. inside, "mode")
    if mode == "directory" and not inside:find("^%.foundry%-") then
      visit(folder, inside, each)
    elseif mode == "file" and is_included(folder, inside) then
      each(inside)
    end
  end
end

local function has_store_files(folder)
  for _, name in ipairs(entries(folder)) do
    if is_store_file(name) then return true end
  end
  return false
end

local function is_of_store(path)
  if lfs.attributes(path, "mode") == "directory" then return has_store_files(path) end
  return is_store_file(path:match("[^/]*$"))
end

-- Paths of what makes up the hosts' data in the folder: that of internal storage, or that beside it.
local function parts(folder, wants_stores)
  local list = {}
  for _, host in ipairs(entries(folder)) do
    if is_host_name(host) and lfs.attributes(folder .. "/" .. host, "mode") == "directory" then
      for _, name in ipairs(entries(folder .. "/" .. host)) do
        local path = host .. "/" .. name
        if (is_of_store(folder .. "/" .. path) or false) == wants_stores then list[#list + 1] = path end
      end
    end
  end
  return list
end

-- The name of the folder that a file lies in, if it can be a host's.
local function host_folder_of(path)
  local host = path:match("^([^/]+)/")
  return host and is_host_name(host) and host or nil
end

return {
  host_folder_of = host_folder_of,
  -- Calls each(path) for all of them.
  visit = function(folder, each) visit(folder, "", each) end,
  -- Whether a path out of a backup may be written.
  is_safe = function(path)
    return path ~= "" and not path:find("^/") and not path:find("%z") and not ("/" .. path .. "/"):find("/%.%.?/")
      and not path:find("//") and not is_passing(path)
  end,
  stores_of = function(folder) return parts(folder, true) end,
  others_of = function(folder) return parts(folder, false) end,
}
