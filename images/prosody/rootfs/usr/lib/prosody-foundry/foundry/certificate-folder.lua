-- Every certificate and key below a folder, whatever tool laid it out: a key is known by what it fits, not by its name.

local lfs = require("lfs")
local pem = require("foundry.pem")
local process = require("foundry.process")

local deepest, largest, most = 8, 256 * 1024, 5000

local function cannot_read(walk, path)
  table.insert(walk.unreadable, ("User %d cannot read %s: let that user or a group of its read it (chown, chmod), or run the"
    .. " container as the --user who owns it."):format(process.user, path))
end

local visit -- forward declaration

local function visit_folder(walk, path, depth)
  local attributes = lfs.attributes(path)
  local id = attributes and attributes.dev .. ":" .. attributes.ino
  if depth == 0 or not id or walk.seen[id] then return end
  walk.seen[id] = true
  local opened, each, state = pcall(lfs.dir, path)
  if not opened then return cannot_read(walk, path) end
  local names = {}
  for name in each, state do
    -- Also what Kubernetes keeps behind the links of a mounted secret.
    if name:sub(1, 1) ~= "." then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do visit(walk, path .. "/" .. name, depth - 1) end
end

function visit(walk, path, depth)
  local attributes = lfs.attributes(path)
  if attributes and attributes.mode == "directory" then return visit_folder(walk, path, depth) end
  if attributes and attributes.mode == "file" and #walk.files < most then
    walk.files[#walk.files + 1] = { path = path, attributes = attributes }
  elseif not attributes and lfs.symlinkattributes(path, "mode") == "link" then
    walk.dangling[#walk.dangling + 1] = path
  elseif not attributes then
    cannot_read(walk, path)
  end
end

local cache = {} -- path → { stamp, content }

local function stamp_of(attributes)
  local parts = { attributes.dev, attributes.ino, attributes.size, attributes.modification, attributes.change }
  return table.concat(parts, ":")
end

-- A file written within the second it was read in may change and look the same.
local function is_settled(attributes, now)
  return now > math.max(attributes.modification, attributes.change) + 2
end

local function read_file(file)
  local stamp = stamp_of(file.attributes)
  local known = cache[file.path]
  if known and known.stamp == stamp then return known.content, stamp end
  local opened, reason = io.open(file.path)
  if not opened then return nil, reason end
  local text = file.attributes.size <= largest and opened:read("a") or ""
  opened:close()
  local content = pem.read(text)
  content.text = content.is_pem and text or nil
  cache[file.path] = is_settled(file.attributes, os.time()) and { stamp = stamp, content = content } or nil
  return content, stamp
end

local function is_called_like_one(path)
  return path:find("%.crt$") or path:find("%.cer$") or path:find("%.pem$") or path:find("%.key$")
    or path:find("fullchain[^/]*$") or path:find("privkey[^/]*$")
end

local function add_file(index, file)
  local content, stamp = read_file(file)
  if not content then return cannot_read(index, file.path) end
  if content.problem then
    table.insert(index.broken, ("%s %s: it is left out."):format(file.path, content.problem))
  elseif not content.is_pem and is_called_like_one(file.path) then
    table.insert(index.broken, ("%s is no certificate or key in PEM: it is left out."):format(file.path))
  end
  if content.key then
    index.keys[content.key] = index.keys[content.key] or {}
    table.insert(index.keys[content.key], { path = file.path, text = content.text, stamp = stamp })
  end
  for position, certificate in ipairs(not content.problem and content.certificates or {}) do
    table.insert(index.certificates, setmetatable({
      path = file.path, text = content.text, stamp = stamp, position = position,
    }, { __index = certificate }))
  end
end

-- What is there now: certificates, keys by public key, and what is unreadable, broken or a link that leads nowhere.
local function read_folder(path)
  local index = { path = path, files = {}, seen = {}, dangling = {}, unreadable = {}, broken = {}, keys = {}, certificates = {} }
  index.exists = lfs.attributes(path, "mode") == "directory"
  visit_folder(index, path, deepest)
  for _, file in ipairs(index.files) do add_file(index, file) end
  return index
end

return { read = read_folder }
