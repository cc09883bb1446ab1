namespace RnnRuntime.Import.Layers;

/// <summary>Rearranges weights.</summary>
internal static class Matrices
{
    /// <summary>[rows, columns] to [columns, rows].</summary>
    public static float[] Transpose(float[] source, int rows, int columns)
    {
        var target = new float[source.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                target[(column * rows) + row] = source[(row * columns) + column];
            }
        }

        return target;
    }

    /// <summary>
    /// Convolution weights to [filters, kernel, channels], the oldest tap first; a filter of a group has zeros for the channels of others.
    /// </summary>
    /// <param name="source">[filters, channels / groups, kernel], or [kernel, channels / groups, filters] when <paramref name="kernelFirst"/>.</param>
    /// <param name="filters">R.</param>
    /// <param name="kernel">k.</param>
    /// <param name="channels">C of the input, all groups.</param>
    /// <param name="groups">A divisor of filters and channels.</param>
    /// <param name="kernelFirst">The source's layout.</param>
    public static float[] Convolution(float[] source, int filters, int kernel, int channels, int groups, bool kernelFirst)
    {
        var channelsOfGroup = channels / groups;
        var filtersOfGroup = filters / groups;
        var target = new float[checked(filters * kernel * channels)];
        for (var filter = 0; filter < filters; filter++)
        {
            var firstChannel = filter / filtersOfGroup * channelsOfGroup;
            for (var tap = 0; tap < kernel; tap++)
            {
                for (var channel = 0; channel < channelsOfGroup; channel++)
                {
                    target[(((filter * kernel) + tap) * channels) + firstChannel + channel] = kernelFirst
                        ? source[(((tap * channelsOfGroup) + channel) * filters) + filter]
                        : source[(((filter * channelsOfGroup) + channel) * kernel) + tap];
                }
            }
        }

        return target;
    }
}
