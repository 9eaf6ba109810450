-- What this image has: the release and series of its Prosody, and the modules that it can load.

local folder = "/usr/lib/prosody-foundry/"
local core = "/usr/lib/prosody/modules/"
local community = "/usr/lib/prosody-modules/"
local own = folder .. "modules/"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function read_release()
  local file = io.open("/usr/lib/prosody/prosody.version") or io.open("/usr/lib/prosody/prosody.release")
  local line = file and file:read()
  if file then file:close() end
  return line or "trunk"
end

local release = read_release()

-- Series in the order of their age; what is no numbered release is trunk.
local all_series = { "0.12", "13.0", "trunk" }
local function series_of(text)
  for _, series in ipairs(all_series) do
    if (text .. "."):sub(1, #series + 1) == series .. "." then return series end
  end
  return "trunk"
end

local function position(series)
  for i, known in ipairs(all_series) do
    if known == series then return i end
  end
end

-- modules.lua: { ["mod_x"] = { hosts = { "virtual-host", … }, enable = false or nil }, … }, made when the image is built.
local function read_modules()
  if not exists(folder .. "modules.lua") then return {} end
  return dofile(folder .. "modules.lua")
end

local patterns = { "mod_%s/mod_%s.lua", "mod_%s/%s/mod_%s.lua", "mod_%s.lua", "%s/mod_%s.lua" }

local function is_in(path, name)
  for _, pattern in ipairs(patterns) do
    if exists(path .. pattern:gsub("%%s", (name:gsub("%%", "%%%%")))) then return true end
  end
  return false
end

local function has_module(name, more)
  for _, path in ipairs({ community, core, own, table.unpack(more or {}) }) do
    if is_in(path:gsub("/*$", "/"), name) then return true end
  end
  return false
end

local function module_names(more)
  local names = {}
  local found, lfs = pcall(require, "lfs")
  for _, path in ipairs(found and { community, core, table.unpack(more or {}) } or {}) do
    local opened, each, state = pcall(lfs.dir, path)
    for entry in opened and each or function() end, state do
      names[#names + 1] = entry:match("^mod_([%w_-]+)")
    end
  end
  table.sort(names)
  return names
end

return {
  release = release,
  series = series_of(release),
  modules = read_modules(),
  -- Whether this Prosody is of that series or a later one.
  is_since = function(series) return position(series_of(release)) >= (position(series) or math.huge) end,
  -- A release differs in what it brings: cloud_notify came with 13.0.
  has_core = function(name) return is_in(core, name) or is_in(own, name) end,
  has_module = has_module,
  module_names = module_names,
}
