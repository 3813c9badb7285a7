/** Does a value of the setting `hiddenFeatures` name this feature? */
export function hidesFeature(value: unknown, feature: string): boolean {
  return Array.isArray(value) && value.includes(feature)
}
