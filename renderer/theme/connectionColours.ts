// The colours a person gives to servers, with their names; dark enough on light and light enough on dark for a swatch (3:1).
import type { SavedConnection } from '../../shared/model/connection'

export type ConnectionColour = SavedConnection['colour']

export const connectionColour: Readonly<Record<ConnectionColour, { name: string; value: string }>> = {
  slate: { name: 'Slate', value: '#6B7F8E' },
  teal: { name: 'Teal', value: '#1C8599' },
  green: { name: 'Green', value: '#3C8A5F' },
  amber: { name: 'Amber', value: '#B97A0E' },
  rust: { name: 'Rust', value: '#B75A33' },
  red: { name: 'Red', value: '#CB4840' },
  violet: { name: 'Violet', value: '#8068B8' },
  blue: { name: 'Blue', value: '#4579C2' },
}
