namespace RnnRuntime.Comparison;

/// <summary>Ratios of powers in dB.</summary>
internal static class Decibels
{
    /// <summary>Infinite where there is no noise, minus infinite where there is noise and no signal.</summary>
    public static double Of(double signal, double noise) => noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);

    /// <summary>From one ratio to another; 0 between two that are equal, also infinite ones.</summary>
    public static double Gain(double from, double to) => from.Equals(to) ? 0 : to - from;
}
