using System.Text.Json;
using RnnRuntime.Roofline;

namespace RnnRuntime.Cli.Benching;

/// <summary>A bench for machines.</summary>
internal static class BenchJson
{
    public static void Write(Utf8JsonWriter writer, BenchReport report)
    {
        writer.WriteString("model", report.Source.Name);
        writer.WriteNumber("fileBytes", report.Source.Bytes);
        writer.WriteNumber("stepsPerCall", report.TimeSteps);
        writer.WriteNumber("streams", report.Streams);
        writer.WriteNumber("threads", report.Threads);
        writer.WriteString("winner", report.Winner.Kernel.Name);
        writer.WriteString("reference", BenchReport.Reference);
        writer.WriteNumber("comparedSteps", report.ComparedSteps);
        WriteRoof(writer, report.Roof);
        writer.WriteStartArray("kernels");
        foreach (var kernel in report.Kernels)
        {
            writer.WriteStartObject();
            writer.WriteString("name", kernel.Name);
            writer.WriteBoolean("available", kernel.IsAvailable);
            writer.WriteString("reason", kernel.UnavailableReason);
            if (report.ResultOf(kernel) is { } result)
            {
                Write(writer, report, result);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, BenchReport report, BenchResult result)
    {
        writer.WriteBoolean("winner", result == report.Winner);
        writer.WriteReal("minNanoseconds", result.Timing.Min);
        writer.WriteReal("medianNanoseconds", result.Timing.Median);
        writer.WriteNumber("rounds", result.Timing.Rounds);
        writer.WriteNumber("callsPerRound", result.Timing.Calls);
        writer.WriteNumber("weightBytes", result.Work.WeightBytes);
        writer.WriteNumber("multiplyAdds", result.Work.FloatMultiplyAdds + result.Work.Int8MultiplyAdds);
        writer.WriteNumber("sharedSteps", result.Work.SharedSteps);
        writer.WriteReal("gigabytesPerSecond", result.GigabytesPerSecond);
        if (report.Roof is not null)
        {
            writer.WriteReal("roofNanoseconds", report.RoofNanoseconds(result));
            writer.WriteReal("roofShare", report.RoofShare(result));
        }

        writer.WriteReal("largestError", result.Error.Largest);
        writer.WriteBoolean("sameBits", result.Error.IsSameBits);
    }

    private static void WriteRoof(Utf8JsonWriter writer, Roof? roof)
    {
        if (roof is null)
        {
            writer.WriteNull("roof");
            return;
        }

        writer.WriteStartObject("roof");
        writer.WriteStartArray("levels");
        foreach (var bandwidth in roof.Bandwidths)
        {
            writer.WriteStartObject();
            writer.WriteString("name", bandwidth.Level.Name);
            writer.WriteReal("gigabytesPerSecond", bandwidth.GigabytesPerSecond.Best);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteReal("floatMultiplyAddsPerNanosecond", roof.FloatPeak.Best);
        writer.WriteReal("int8MultiplyAddsPerNanosecond", roof.Int8Peak.Best);
        writer.WriteEndObject();
    }
}
